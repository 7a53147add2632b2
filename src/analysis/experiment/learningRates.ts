import * as tf from '@tensorflow/tfjs-core';
import type { LearningRateLadder } from '../../report/report';
import { UnitAccumulator } from '../backend/unitStatistics';
import { unitsLast } from '../measure/callMeter';
import { forward, forwardBackward, type Heads } from '../measure/pass';
import type { Network } from '../model/network';
import { weightsOf, withScratchWeights } from './scratchWeights';

/** Half decades, wide enough for every usual optimiser. */
const RATES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3];
const STEPS = 5;
/** Units that fire on fewer samples anyway come and go by chance. */
const AT_RISK_SHARE = 0.05;

export interface LadderOptions {
  readonly optimizer: string;
  readonly configuredRate: number | null;
  readonly start: LearningRateLadder['start'];
  readonly labels: LearningRateLadder['labels'];
  /** The training loss of a batch; `step` counts batches from 0. */
  loss(heads: Heads, step: number): tf.Scalar;
  /** Inputs of the batch of a step. */
  inputs(step: number): readonly tf.Tensor[];
  /** Inputs on which silent units are counted. */
  readonly census: readonly tf.Tensor[];
}

/**
 * Takes one and five optimiser steps from the network's present weights at every rate of the ladder and counts the ReLU
 * units that fell silent. The weights are as before afterwards. Null for an optimiser that is not known or without ReLU units
 * that fire.
 */
export async function learningRateLadder(network: Network, options: LadderOptions): Promise<LearningRateLadder | null> {
  const make = OPTIMIZERS[options.optimizer];
  if (make === undefined) return null;
  const alive = firingUnits(network, options.census, AT_RISK_SHARE);
  const unitsAtRisk = [...alive.values()].reduce((sum, units) => sum + units.size, 0);
  const { configuredRate } = options;
  const rates = [...new Set(configuredRate === null ? RATES : [...RATES, configuredRate])].sort((a, b) => a - b);
  const steps: LearningRateLadder['rates'][number][] = [];
  for (const rate of rates) {
    // Between two rates, so that a cancelled worker stops soon.
    await tf.nextFrame();
    steps.push(
      await withScratchWeights(network, () => Promise.resolve(climb(network, options, make(rate), rate, alive))),
    );
  }
  const firstKilling = steps.findIndex(
    ({ newlySilentAfterOne, newlySilentAfterFive }) => newlySilentAfterOne + newlySilentAfterFive > 0,
  );
  return {
    optimizer: options.optimizer,
    start: options.start,
    labels: options.labels,
    configuredRate,
    rates: steps,
    unitsAtRisk,
    highestSafeRate: firstKilling === 0 ? null : steps[(firstKilling === -1 ? steps.length : firstKilling) - 1].rate,
  };
}

type Firing = ReadonlyMap<string, ReadonlySet<number>>;

function climb(network: Network, options: LadderOptions, optimizer: tf.Optimizer, rate: number, alive: Firing) {
  const trainable = [...weightsOf(network).values()].filter((weight) => weight.trainable);
  let newlySilentAfterOne = 0;
  let lossBefore = NaN;
  let lossAfter = NaN;
  try {
    for (let step = 0; step < STEPS; step++) {
      const gradients: Record<string, tf.Tensor> = {};
      const value = forwardBackward(
        network,
        options.inputs(step),
        (heads) => options.loss(heads, step),
        {},
        (weight, gradient) => {
          const { name } = weight as tf.Variable;
          if (trainable.some((other) => other.value === weight)) gradients[name] = tf.keep(gradient.clone());
        },
      );
      if (step === 0) lossBefore = value;
      lossAfter = value;
      optimizer.applyGradients(gradients);
      tf.dispose(gradients);
      if (step === 0) newlySilentAfterOne = lost(alive, firingUnits(network, options.census));
    }
  } finally {
    optimizer.dispose();
  }
  return {
    rate,
    newlySilentAfterOne,
    newlySilentAfterFive: lost(alive, firingUnits(network, options.census)),
    lossBefore: Number.isFinite(lossBefore) ? lossBefore : null,
    lossAfterFive: Number.isFinite(lossAfter) ? lossAfter : null,
  };
}

/** Units of hidden layers of the ReLU family that fire on more than this share of the samples. */
function firingUnits(network: Network, inputs: readonly tf.Tensor[], share = 0): Firing {
  const firing = new Map<string, Set<number>>();
  forward(network, inputs, {
    output(call, a) {
      if (call.role !== 'hidden' || call.activation?.family !== 'relu' || call.units === null) return;
      const units = new UnitAccumulator(call.units);
      units.add(unitsLast(a, call.unitAxis), a.shape[0]);
      firing.set(
        call.name,
        new Set([...units.activeSamples.keys()].filter((unit) => units.activeSamples[unit] > share * a.shape[0])),
      );
    },
  });
  return firing;
}

function lost(before: Firing, after: Firing): number {
  let count = 0;
  for (const [name, units] of before) for (const unit of units) if (!after.get(name)!.has(unit)) count++;
  return count;
}

const OPTIMIZERS: Readonly<Record<string, (rate: number) => tf.Optimizer>> = {
  sgd: (rate) => tf.train.sgd(rate),
  momentum: (rate) => tf.train.momentum(rate, 0.9),
  adam: (rate) => tf.train.adam(rate),
  adamax: (rate) => tf.train.adamax(rate),
  adagrad: (rate) => tf.train.adagrad(rate),
  adadelta: (rate) => tf.train.adadelta(rate),
  rmsprop: (rate) => tf.train.rmsprop(rate),
};
