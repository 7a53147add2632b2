/** Recurrent layers run as a whole and, where that cannot be, step by step: both must show the same. */

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { forwardBackward, uniqueWeights, type PassObserver } from '../../../src/analysis/measure/pass';
import { CuDNNGRU, CuDNNLSTM, ResetAfterGRU } from '../../../src/analysis/model/layers/recurrent';
import type { LayersNetwork } from '../../../src/analysis/model/layersNetwork';
import type { LayerCall, Substitute } from '../../../src/analysis/model/network';
import { withGuardedWeights } from '../../../src/analysis/model/weightGuard';
import { mulberry32, normal } from '../../../src/analysis/probe/random';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

const STEPS = 5;
const SAMPLES = 3;
const { layers } = tfl;

function gaussian(shape: readonly number[], seed: number): tf.Tensor {
  const draw = normal(mulberry32(seed));
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw()),
    [...shape],
  );
}

const inRow = (...own: tfl.layers.Layer[]): tfl.LayersModel => {
  const input = tfl.input({ shape: [STEPS, 4] });
  const output = own.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input);
  return tfl.model({ inputs: input, outputs: output });
};

function encoderAndDecoder(): tfl.LayersModel {
  const input = tfl.input({ shape: [STEPS, 4] });
  const [, ...states] = layers.lstm({ units: 3, returnState: true }).apply(input) as tfl.SymbolicTensor[];
  const decoder = layers.lstm({ units: 3, returnSequences: true });
  return tfl.model({ inputs: input, outputs: decoder.apply([input, ...states]) as tfl.SymbolicTensor });
}

const MODELS: Readonly<Record<string, () => tfl.LayersModel>> = {
  'SimpleRNN, twice': () =>
    inRow(layers.simpleRNN({ units: 3, returnSequences: true }), layers.simpleRNN({ units: 5 })),
  'SimpleRNN with ReLU, without bias': () => inRow(layers.simpleRNN({ units: 4, activation: 'relu', useBias: false })),
  LSTM: () => inRow(layers.lstm({ units: 5 }), layers.dense({ units: 2 })),
  'LSTM with sigmoid gates, backwards': () =>
    inRow(layers.lstm({ units: 4, recurrentActivation: 'sigmoid', goBackwards: true, returnSequences: true })),
  GRU: () => inRow(layers.gru({ units: 3, returnSequences: true }), layers.gru({ units: 2 })),
  'GRU that resets after the product': () =>
    inRow(new ResetAfterGRU({ units: 3, returnSequences: true }), new ResetAfterGRU({ units: 4, useBias: false })),
  CuDNN: () => inRow(new CuDNNGRU({ units: 3, returnSequences: true }), new CuDNNLSTM({ units: 3 })),
  Bidirectional: () => inRow(layers.bidirectional({ layer: layers.lstm({ units: 3 }), mergeMode: 'concat' })),
  'encoder and decoder': encoderAndDecoder,
  'a cell in an RNN': () => inRow(layers.rnn({ cell: layers.lstmCell({ units: 3 }), returnSequences: true })),
};

/** With weights that are drawn at random, biases too. */
function modelWith(make: () => tfl.LayersModel): tfl.LayersModel {
  const model = withGuardedWeights(Infinity, make);
  const shapes = model.getWeights().map(({ shape }) => shape);
  model.setWeights(shapes.map((shape, i) => tf.tidy(() => tf.mul(gaussian(shape, i), 0.5))));
  return model;
}

/** Leaves the calls of the model's layers to tfjs again, which makes one step after the other. */
function unhook(model: tfl.LayersModel): void {
  for (const layer of model.layers) {
    const { forwardLayer, backwardLayer } = layer as { forwardLayer?: object; backwardLayer?: object };
    for (const own of [layer, forwardLayer, backwardLayer]) if (own) Reflect.deleteProperty(own, 'call');
  }
}

const CASES = Object.keys(MODELS).flatMap(
  (name) =>
    [
      [name, null],
      [name, 'relu'],
    ] as const,
);

/** Everything that a pass shows; what comes step by step as whole sequences. */
function shown(network: LayersNetwork, x: tf.Tensor, substitute: Substitute | null): Map<string, number[]> {
  const steps = new Map<string, tf.Tensor[]>();
  const result = new Map<string, number[]>();
  const squares = (name: string, values: tf.Tensor): void => {
    const sum = tf.tidy(() => tf.sum(tf.square(values)).dataSync()[0]);
    result.set(name, [(result.get(name)?.[0] ?? 0) + sum]);
  };
  const observer: PassObserver = {
    substitute: () => substitute,
    preActivation: ({ name }, z) => void steps.set(name, [...(steps.get(name) ?? []), tf.keep(z.clone())]),
    output: ({ name }: LayerCall, a) => {
      const own = steps.get(name) ?? [];
      result.set(`output of ${name}`, Array.from(a.dataSync()));
      if (own.length > 0) {
        const z = tf.tidy(() => (own.length === 1 ? own[0] : tf.stack(own, 1)).dataSync());
        result.set(`arguments of ${name}`, Array.from(z));
      }
      tf.dispose(own);
      steps.delete(name);
    },
    preActivationGradient: ({ name }, dy) => squares(`argument gradients of ${name}`, dy),
    outputGradient: ({ name }, dy) => void result.set(`output gradient of ${name}`, Array.from(dy.dataSync())),
    states: ({ name }, step, states) => {
      states.forEach((state, k) => result.set(`state ${k} of ${name} after ${step}`, Array.from(state.dataSync())));
    },
    stateGradient: ({ name }, step, place, dy) => {
      if (place === 'after' || step > 0) squares(`state gradients of ${name} ${place} ${step}`, dy);
    },
  };
  const weightOf = (outputs: readonly tf.Tensor[]): tf.Scalar =>
    tf.sum(tf.mul(outputs[0], gaussian(outputs[0].shape, 77)));
  const weights = uniqueWeights(network);
  const loss = forwardBackward(
    network,
    [x],
    ({ outputs }) => weightOf(outputs),
    observer,
    (weight, gradient) => {
      result.set(`gradient of weight ${weights.indexOf(weight)}`, Array.from(gradient.dataSync()));
    },
  );
  return result.set('loss', [loss]);
}

describe('a recurrent layer as a whole', () => {
  it.each(CASES)('shows what it does step by step: %s, activation %s', (name, substitute) => {
    const model = modelWith(MODELS[name]);
    const network = networkOf(model);
    const x = gaussian([SAMPLES, STEPS, 4], 5);
    const before = tf.memory().numTensors;
    const whole = shown(network, x, substitute);
    expect(tf.memory().numTensors).toBe(before);
    unhook(model);
    const stepwise = shown(network, x, substitute);
    expect([...whole.keys()].sort()).toEqual([...stepwise.keys()].sort());
    for (const [what, expected] of stepwise) {
      const actual = whole.get(what)!;
      expect(actual.length, what).toBe(expected.length);
      const magnitude = Math.max(1e-3, ...expected.map(Math.abs));
      const difference = Math.max(...expected.map((value, i) => Math.abs(value - actual[i])));
      expect(difference / magnitude, what).toBeLessThan(1e-5);
    }
    x.dispose();
    network.dispose();
  });

  it('is left where the layer has a mask, an activation of its own, or more than one cell', () => {
    const counts = (...own: tfl.layers.Layer[]): number => {
      const network = networkOf(withGuardedWeights(Infinity, () => inRow(...own)));
      const x = gaussian([SAMPLES, STEPS, 4], 5);
      let count = 0;
      tf.tidy(() => {
        network.trace([x], { preActivation: (_call, z) => (count++, z), output: (_call, a) => a });
      });
      x.dispose();
      network.dispose();
      return count;
    };
    expect(counts(layers.gru({ units: 2 }))).toBe(1);
    expect(counts(layers.masking({ maskValue: 0 }), layers.gru({ units: 2 }))).toBe(STEPS);
    expect(counts(layers.gru({ units: 2, activation: 'softsign' }))).toBe(STEPS);
    const cells = [2, 3].map((units) => layers.gruCell({ units }));
    expect(counts(layers.rnn({ cell: cells }))).toBe(STEPS);
  });
});
