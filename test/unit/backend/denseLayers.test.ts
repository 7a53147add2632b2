import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { mulberry32 } from '../../../src/analysis/probe/random';
import { startTestBackend } from '../measure/networks';

beforeAll(startTestBackend);

const UNITS = 5;
const DEPTH = 7;

function built(config: { useBias: boolean; activation?: 'tanh' }, shape: number[]): tfl.layers.Layer {
  const layer = tfl.layers.dense({ units: UNITS, biasInitializer: 'randomNormal', ...config });
  layer.build([null, ...shape.slice(1)]);
  return layer;
}

describe('dense layers', () => {
  it.each([
    [[4, DEPTH], { useBias: true }],
    [[4, DEPTH], { useBias: false }],
    [[3, 2, DEPTH], { useBias: true }],
    [[2, 3, 4, DEPTH], { useBias: true, activation: 'tanh' as const }],
    [[0, DEPTH], { useBias: true }],
  ])('multiply inputs of shape %j, %j', (shape, config) => {
    const tensors = tf.memory().numTensors;
    const random = mulberry32(3);
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5);
    const layer = built(config, shape);
    const x = tf.tensor(values, shape);
    const y = layer.apply(x) as tf.Tensor;
    expect(y.shape).toEqual([...shape.slice(0, -1), UNITS]);
    const [kernel, bias] = layer.getWeights().map((weight) => weight.dataSync());
    y.dataSync().forEach((value, i) => {
      const [row, unit] = [Math.floor(i / UNITS), i % UNITS];
      let z = config.useBias ? bias[unit] : 0;
      for (let k = 0; k < DEPTH; k++) z += values[row * DEPTH + k] * kernel[k * UNITS + unit];
      expect(Math.abs(value - ('activation' in config ? Math.tanh(z) : z))).toBeLessThan(1e-6);
    });
    tf.dispose([x, y]);
    for (const weight of layer.weights) weight.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('back-propagate to their kernel only where its gradient is asked for', async () => {
    const layer = built({ useBias: true }, [4, DEPTH]);
    const x = tf.ones([4, DEPTH]);
    const kernel = layer.weights[0].read();
    const sum = (): tf.Scalar => tf.sum(layer.apply(x) as tf.Tensor);
    const products = async (by: tf.Tensor[]): Promise<number> => {
      const { kernels } = await tf.profile(() => tf.engine().gradients(sum, by, undefined, true).grads);
      return kernels.filter(({ name }) => name.endsWith('MatMul')).length;
    };
    expect(await products([x])).toBe(2);
    expect(await products([x, kernel])).toBe(3);
  });
});
