import * as tf from '@tensorflow/tfjs-core';
import type { LearningRateLadder } from '../../report/report';
import { UnitAccumulator } from '../backend/unitStatistics';
import { unitsLast } from '../measure/callMeter';
import { forward, forwardBackward, type Heads } from '../measure/pass';
import type { Network } from '../model/network';
import { weightsOf } from './scratchWeights';

/** Half decades, wide enough for every usual optimiser. */
const RATES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3];
const STEPS = 5;
/** Units that fire on fewer samples anyway come and go by chance. */
const AT_RISK_SHARE = 0.05;

export interface RungOptions {
  readonly optimizer: string;
  readonly rate: number;
  /** The training loss of the batch. */
  readonly loss: (heads: Heads) => tf.Scalar;
  /** Inputs of the batch, on which silent units are counted too. */
  readonly inputs: readonly tf.Tensor[];
  /** Units that fire before the first step. */
  readonly alive: Firing;
}

export type Rung = LearningRateLadder['rates'][number];

/** Whether steps of this optimiser can be taken. */
export const isKnownOptimizer = (optimizer: string): boolean => OPTIMIZERS[optimizer] !== undefined;

/** The rates to try, in ascending order. */
export const ladderRates = (configured: number | null): number[] =>
  [...new Set(configured === null ? RATES : [...RATES, configured])].sort((a, b) => a - b);

/** The highest rate below the first that silences a unit; null when the lowest does. */
export function highestSafeRate(rungs: readonly Rung[]): number | null {
  const firstKilling = rungs.findIndex(
    ({ newlySilentAfterOne, newlySilentAfterFive }) => newlySilentAfterOne + newlySilentAfterFive > 0,
  );
  return firstKilling === 0 ? null : rungs[(firstKilling === -1 ? rungs.length : firstKilling) - 1].rate;
}

/** By call, units of hidden layers of the ReLU family. */
export type Firing = ReadonlyMap<string, ReadonlySet<number>>;

/** ReLU units that fire often enough not to come and go by chance. */
export const unitsAtRisk = (network: Network, inputs: readonly tf.Tensor[]): Firing =>
  firingUnits(network, inputs, AT_RISK_SHARE);

/**
 * Takes one and five optimiser steps from the network's present weights and counts the units that fell silent. Leaves the
 * weights as they are then.
 */
export function climb(network: Network, { optimizer: name, rate, loss, inputs, alive }: RungOptions): Rung {
  const optimizer = OPTIMIZERS[name](rate);
  const trainable = [...weightsOf(network).values()].filter((weight) => weight.trainable);
  // Without units of the ReLU family there is nothing to look for.
  const silenced = (): number => (alive.size === 0 ? 0 : lost(alive, firingUnits(network, inputs)));
  let newlySilentAfterOne = 0;
  let lossBefore = NaN;
  let lossAfter = NaN;
  try {
    for (let step = 0; step < STEPS; step++) {
      const gradients: Record<string, tf.Tensor> = {};
      const value = forwardBackward(network, inputs, loss, {}, (weight, gradient) => {
        const { name } = weight as tf.Variable;
        if (trainable.some((other) => other.value === weight)) gradients[name] = tf.keep(gradient.clone());
      });
      if (step === 0) lossBefore = value;
      lossAfter = value;
      optimizer.applyGradients(gradients);
      tf.dispose(gradients);
      if (step === 0) newlySilentAfterOne = silenced();
    }
  } finally {
    optimizer.dispose();
  }
  return {
    rate,
    newlySilentAfterOne,
    newlySilentAfterFive: silenced(),
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
