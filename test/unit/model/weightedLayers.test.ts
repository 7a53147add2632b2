/** Layers of several weights against the formulas of their papers, written out in loops. */

import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { WASM_FOLDER } from '../backend/support';
import { expectValues, type Input, OneLayer, type OneLayerOptions, randomInput } from './oneLayer';

beforeAll(() => startBackend(WASM_FOLDER));

const range = (n: number): number[] => [...new Array<number>(n).keys()];
const sum = (n: number, term: (i: number) => number): number => range(n).reduce((total, i) => total + term(i), 0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function softmax(scores: readonly number[]): number[] {
  const exps = scores.map((score) => Math.exp(score));
  return exps.map((value) => value / sum(exps.length, (i) => exps[i]));
}

function check(
  className: string,
  config: Record<string, unknown>,
  inputs: readonly Input[],
  shape: readonly number[],
  expected: (layer: OneLayer) => readonly number[],
  options: OneLayerOptions = {},
): void {
  const layer = new OneLayer(className, config, inputs, options);
  try {
    const output = layer.output();
    expect(output.shape).toEqual(shape);
    expectValues(output.values, expected(layer));
    layer.expectGradients();
  } finally {
    layer.dispose();
  }
}

describe('attention', () => {
  const STEPS = 3;
  const FEATURES = 4;
  const HEADS = 2;
  const SIZE = 5;
  const query = randomInput([STEPS, FEATURES], 3);
  const value = randomInput([2, FEATURES], 4);

  /** Scaled dot-product attention of several heads, output `[samples, STEPS, FEATURES]` flat. */
  function multiHead(layer: OneLayer, q: Input, v: Input, allowed: (i: number, j: number) => boolean): number[] {
    const keys = v.shape[1];
    const project = (x: Input, name: string, n: number, t: number, h: number, d: number): number =>
      sum(
        FEATURES,
        (f) =>
          x.values[(n * x.shape[1] + t) * FEATURES + f] * layer.weight(`/${name}/kernel`)[(f * HEADS + h) * SIZE + d],
      ) + layer.weight(`/${name}/bias`)[h * SIZE + d];
    const output: number[] = [];
    for (const n of range(2)) {
      for (const i of range(STEPS)) {
        const mixed = range(HEADS).flatMap((h) => {
          const scores = range(keys).map((j) =>
            allowed(i, j)
              ? sum(SIZE, (d) => project(q, 'query', n, i, h, d) * project(v, 'key', n, j, h, d)) / Math.sqrt(SIZE)
              : -Infinity,
          );
          const weights = softmax(scores);
          return range(SIZE).map((d) => sum(keys, (j) => weights[j] * project(v, 'value', n, j, h, d)));
        });
        const kernel = layer.weight('attention_output/kernel');
        const bias = layer.weight('attention_output/bias');
        output.push(
          ...range(FEATURES).map((o) => sum(HEADS * SIZE, (k) => mixed[k] * kernel[k * FEATURES + o]) + bias[o]),
        );
      }
    }
    return output;
  }

  const CONFIG = { num_heads: HEADS, key_dim: SIZE, value_dim: SIZE, dropout: 0.3, use_bias: true };

  it('MultiHeadAttention over one sequence, as Keras calls it on [query, value]', () => {
    check('MultiHeadAttention', CONFIG, [query, query], [2, STEPS, FEATURES], (layer) => {
      expect(layer.weightShapes).toEqual({
        'query/kernel': [FEATURES, HEADS, SIZE],
        'query/bias': [HEADS, SIZE],
        'key/kernel': [FEATURES, HEADS, SIZE],
        'key/bias': [HEADS, SIZE],
        'value/kernel': [FEATURES, HEADS, SIZE],
        'value/bias': [HEADS, SIZE],
        'attention_output/kernel': [HEADS, SIZE, FEATURES],
        'attention_output/bias': [FEATURES],
      });
      return multiHead(layer, query, query, () => true);
    });
  });

  it('MultiHeadAttention between two sequences', () => {
    check('MultiHeadAttention', CONFIG, [query, value], [2, STEPS, FEATURES], (layer) =>
      multiHead(layer, query, value, () => true),
    );
  });

  it('MultiHeadAttention that must not look ahead', () => {
    check(
      'MultiHeadAttention',
      CONFIG,
      [query, query],
      [2, STEPS, FEATURES],
      (layer) => multiHead(layer, query, query, (i, j) => j <= i),
      { options: { use_causal_mask: true } },
    );
  });

  const attend = (score: (n: number, i: number, j: number) => number): number[] =>
    range(2).flatMap((n) =>
      range(STEPS).flatMap((i) => {
        const weights = softmax(range(2).map((j) => score(n, i, j)));
        return range(FEATURES).map((f) => sum(2, (j) => weights[j] * value.values[(n * 2 + j) * FEATURES + f]));
      }),
    );
  const q = (n: number, i: number, f: number): number => query.values[(n * STEPS + i) * FEATURES + f];
  const k = (n: number, j: number, f: number): number => value.values[(n * 2 + j) * FEATURES + f];

  it('Attention by scaled dot products', () => {
    check('Attention', { use_scale: true, score_mode: 'dot' }, [query, value], [2, STEPS, FEATURES], (layer) =>
      attend((n, i, j) => layer.weight('scale')[0] * sum(FEATURES, (f) => q(n, i, f) * k(n, j, f))),
    );
  });

  it('AdditiveAttention', () => {
    check('AdditiveAttention', { use_scale: true }, [query, value], [2, STEPS, FEATURES], (layer) =>
      attend((n, i, j) => sum(FEATURES, (f) => layer.weight('scale')[f] * Math.tanh(q(n, i, f) + k(n, j, f)))),
    );
  });
});

describe('convolutions', () => {
  const LENGTH = 6;
  const CHANNELS = 4;
  const sequence = randomInput([LENGTH, CHANNELS], 5);
  const at = (n: number, t: number, c: number): number =>
    t < 0 || t >= LENGTH ? 0 : sequence.values[(n * LENGTH + t) * CHANNELS + c];

  it('Conv1D in two groups, causal and dilated, with an activation', () => {
    const config = { filters: 6, kernel_size: 2, groups: 2, padding: 'causal', dilation_rate: 2, activation: 'tanh' };
    check('Conv1D', config, [sequence], [2, LENGTH, 6], (layer) => {
      expect(layer.weightShapes).toEqual({ kernel: [2, 2, 6], bias: [6] });
      const kernel = layer.weight('kernel');
      return range(2).flatMap((n) =>
        range(LENGTH).flatMap((t) =>
          range(6).map((o) => {
            const group = Math.floor(o / 3);
            const z = sum(2, (d) => sum(2, (c) => kernel[(d * 2 + c) * 6 + o] * at(n, t - 2 + 2 * d, group * 2 + c)));
            return Math.tanh(z + layer.weight('bias')[o]);
          }),
        ),
      );
    });
  });

  it('DepthwiseConv1D with strides', () => {
    const config = { kernel_size: 2, depth_multiplier: 2, strides: 2, padding: 'valid' };
    check('DepthwiseConv1D', config, [sequence], [2, 3, 8], (layer) => {
      expect(layer.weightShapes).toEqual({ depthwise_kernel: [2, CHANNELS, 2], bias: [8] });
      const kernel = layer.weight('depthwise_kernel');
      return range(2).flatMap((n) =>
        range(3).flatMap((t) =>
          range(8).map((o) => sum(2, (d) => kernel[d * 8 + o] * at(n, 2 * t + d, o >> 1)) + layer.weight('bias')[o]),
        ),
      );
    });
  });

  it('SeparableConv1D, padded to the same length', () => {
    const config = { filters: 3, kernel_size: 3, padding: 'same' };
    check('SeparableConv1D', config, [sequence], [2, LENGTH, 3], (layer) => {
      const deep = layer.weight('depthwise_kernel');
      const point = layer.weight('pointwise_kernel');
      return range(2).flatMap((n) =>
        range(LENGTH).flatMap((t) =>
          range(3).map(
            (o) =>
              sum(CHANNELS, (c) => point[c * 3 + o] * sum(3, (d) => deep[d * CHANNELS + c] * at(n, t - 1 + d, c))) +
              layer.weight('bias')[o],
          ),
        ),
      );
    });
  });

  it.each<[string, number]>([
    ['valid', 13],
    ['same', 12],
  ])('Conv1DTranspose, %s', (padding, length) => {
    const config = { filters: 2, kernel_size: 3, strides: 2, padding };
    check('Conv1DTranspose', config, [sequence], [2, length, 2], (layer) => {
      expect(layer.weightShapes).toEqual({ kernel: [3, 2, CHANNELS], bias: [2] });
      const kernel = layer.weight('kernel');
      // Every input step adds its kernel at twice its place; 'same' cuts the surplus at the end.
      return range(2).flatMap((n) =>
        range(length).flatMap((t) =>
          range(2).map(
            (o) =>
              sum(3, (d) => {
                const from = (t - d) / 2;
                return Number.isInteger(from)
                  ? sum(CHANNELS, (c) => kernel[(d * 2 + o) * CHANNELS + c] * at(n, from, c))
                  : 0;
              }) + layer.weight('bias')[o],
          ),
        ),
      );
    });
  });

  it('DepthwiseConv2D with dilation, channels first', () => {
    const image = randomInput([2, 4, 4], 6);
    const config = { kernel_size: [2, 2], dilation_rate: [2, 2], data_format: 'channels_first' };
    check('DepthwiseConv2D', config, [image], [2, 2, 2, 2], (layer) => {
      const kernel = layer.weight('depthwise_kernel');
      return range(2).flatMap((n) =>
        range(2).flatMap((c) =>
          range(4).map((p) => {
            const [y, x] = [p >> 1, p & 1];
            const value = (i: number, j: number): number => image.values[((n * 2 + c) * 4 + y + 2 * i) * 4 + x + 2 * j];
            return sum(2, (i) => sum(2, (j) => kernel[(i * 2 + j) * 2 + c] * value(i, j))) + layer.weight('bias')[c];
          }),
        ),
      );
    });
  });
});

describe('volumes', () => {
  const volume = randomInput([4, 3, 4, 2], 9);
  const at = (n: number, d: number, h: number, w: number, c: number): number =>
    d < 0 || d > 3 || h < 0 || h > 2 || w < 0 || w > 3 ? 0 : volume.values[(((n * 4 + d) * 3 + h) * 4 + w) * 2 + c];
  const positions = (...sizes: number[]): number[][] =>
    sizes.reduce<number[][]>((all, size) => all.flatMap((p) => range(size).map((i) => [...p, i])), [[]]);

  it.each([
    // Output sizes and the paddings before that TensorFlow chooses.
    { padding: 'valid', strides: [1, 1, 1], dilation: [1, 1, 1], size: [3, 2, 3], before: [0, 0, 0] },
    { padding: 'same', strides: [1, 1, 1], dilation: [1, 1, 1], size: [4, 3, 4], before: [0, 0, 0] },
    { padding: 'same', strides: [3, 2, 2], dilation: [1, 1, 1], size: [2, 2, 2], before: [0, 0, 0] },
    { padding: 'valid', strides: [1, 1, 1], dilation: [2, 1, 1], size: [2, 2, 3], before: [0, 0, 0] },
    { padding: 'valid', strides: [1, 2, 1], dilation: [1, 1, 1], size: [2, 1, 2], before: [0, 0, 0], taps: 3 },
    { padding: 'same', strides: [1, 1, 1], dilation: [1, 1, 1], size: [4, 3, 4], before: [1, 1, 1], taps: 3 },
  ])('Conv3D, $padding, strides $strides, dilation $dilation, $taps', (geometry) => {
    const { padding, strides, dilation, size, before, taps = 2 } = geometry;
    const config = {
      filters: 3,
      kernel_size: [taps, taps, taps],
      strides,
      dilation_rate: dilation,
      padding,
      activation: 'tanh',
    };
    check('Conv3D', config, [volume], [2, ...size, 3], (layer) => {
      expect(layer.weightShapes).toEqual({ kernel: [taps, taps, taps, 2, 3], bias: [3] });
      const kernel = layer.weight('kernel');
      return positions(2, ...size, 3).map(([n, d, h, w, o]) => {
        const place = (out: number, tap: number, axis: number): number =>
          out * strides[axis] + tap * dilation[axis] - before[axis];
        const terms = positions(taps, taps, taps, 2).map(
          ([i, j, k, c]) =>
            kernel[(((i * taps + j) * taps + k) * 2 + c) * 3 + o] *
            at(n, place(d, i, 0), place(h, j, 1), place(w, k, 2), c),
        );
        return Math.tanh(terms.reduce((a, b) => a + b, 0) + layer.weight('bias')[o]);
      });
    });
  });

  it.each(['MaxPooling3D', 'AveragePooling3D'])('%s with the last windows cut', (className) => {
    check(className, { pool_size: [2, 2, 3], padding: 'same' }, [volume], [2, 2, 2, 2, 2], () =>
      positions(2, 2, 2, 2, 2).map(([n, d, h, w, c]) => {
        const inside = positions(2, 2, 3)
          // A width of 4 under windows of 3 is padded by one on either side.
          .map(([i, j, k]) => [2 * d + i, 2 * h + j, 3 * w + k - 1])
          .filter(([, y, x]) => y < 3 && x >= 0 && x < 4)
          .map(([z, y, x]) => at(n, z, y, x, c));
        return className === 'MaxPooling3D'
          ? Math.max(...inside)
          : sum(inside.length, (i) => inside[i]) / inside.length;
      }),
    );
  });
});

describe('TimeDistributed', () => {
  const STEPS = 4;
  const sequence = randomInput([STEPS, 2], 8);
  const dense = { class_name: 'Dense', config: { name: 'dense', units: 3, activation: 'tanh' } };
  const expected = (layer: OneLayer): number[] => {
    const [kernel, bias] = [layer.weight('kernel'), layer.weight('bias')];
    return range(2 * STEPS).flatMap((row) =>
      range(3).map((u) => Math.tanh(sum(2, (f) => sequence.values[row * 2 + f] * kernel[f * 3 + u]) + bias[u])),
    );
  };

  it('applies a layer to every step', () => {
    check('TimeDistributed', { layer: dense }, [sequence], [2, STEPS, 3], expected);
  });

  it('applies a model to every step', () => {
    const input = { class_name: 'InputLayer', config: { name: 'x', batch_input_shape: [null, 2], dtype: 'float32' } };
    const inner = { class_name: 'Sequential', config: { name: 'inner', layers: [input, dense] } };
    check('TimeDistributed', { layer: inner }, [sequence], [2, STEPS, 3], expected);
  });

  it('applies a recurrent layer to every step', () => {
    const config = { layer: { class_name: 'SimpleRNN', config: { name: 'rnn', units: 3, activation: 'tanh' } } };
    const films = randomInput([STEPS, 2, 2], 12);
    check('TimeDistributed', config, [films], [2, STEPS, 3], (layer) => {
      const [kernel, recurrent] = [layer.weight('/kernel'), layer.weight('recurrent_kernel')];
      const bias = layer.weight('bias');
      return range(2 * STEPS).flatMap((row) => {
        let h = [0, 0, 0];
        for (const t of range(2)) {
          const before = h;
          const x = (f: number): number => films.values[(row * 2 + t) * 2 + f];
          h = range(3).map((u) =>
            Math.tanh(
              sum(2, (f) => x(f) * kernel[f * 3 + u]) + sum(3, (v) => before[v] * recurrent[v * 3 + u]) + bias[u],
            ),
          );
        }
        return h;
      });
    });
  });
});

describe('recurrent layers with two biases', () => {
  const UNITS = 3;
  const STEPS = 4;
  const FEATURES = 2;
  const sequence = randomInput([STEPS, FEATURES], 8);
  const x = (n: number, t: number, f: number): number => sequence.values[(n * STEPS + t) * FEATURES + f];

  /** The products of input and state with column `j` of the kernels, biases added. */
  function products(layer: OneLayer, prefix: string, n: number, t: number, h: readonly number[], gates: number) {
    const columns = gates * UNITS;
    const kernel = layer.weight(`${prefix}kernel`);
    const recurrent = layer.weight(`${prefix}recurrent_kernel`);
    const bias = layer.weight(`${prefix}bias`);
    return {
      input: (j: number) => sum(FEATURES, (f) => x(n, t, f) * kernel[f * columns + j]) + bias[j],
      state: (j: number) => sum(UNITS, (u) => h[u] * recurrent[u * columns + j]) + bias[columns + j],
    };
  }

  function gru(layer: OneLayer, n: number, steps: readonly number[], prefix = '/'): number[][] {
    let h = new Array<number>(UNITS).fill(0);
    return steps.map((t) => {
      const { input, state } = products(layer, prefix, n, t, h, 3);
      h = range(UNITS).map((u) => {
        const z = sigmoid(input(u) + state(u));
        const r = sigmoid(input(UNITS + u) + state(UNITS + u));
        const candidate = Math.tanh(input(2 * UNITS + u) + r * state(2 * UNITS + u));
        return z * h[u] + (1 - z) * candidate;
      });
      return h;
    });
  }

  const GRU = { units: UNITS, activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: true, reset_after: true };

  it('GRU that resets after the product', () => {
    check('GRU', { ...GRU, return_sequences: true }, [sequence], [2, STEPS, UNITS], (layer) => {
      expect(layer.weightShapes).toEqual({ kernel: [2, 9], recurrent_kernel: [3, 9], bias: [2, 9] });
      return range(2).flatMap((n) => gru(layer, n, range(STEPS)).flat());
    });
  });

  it('the same in both directions', () => {
    const config = { layer: { class_name: 'GRU', config: { name: 'gru', ...GRU } }, merge_mode: 'concat' };
    check('Bidirectional', config, [sequence], [2, 2 * UNITS], (layer) =>
      range(2).flatMap((n) => [
        ...gru(layer, n, range(STEPS), 'forward_gru/').at(-1),
        ...gru(layer, n, range(STEPS).reverse(), 'backward_gru/').at(-1),
      ]),
    );
  });

  it('CuDNNGRU keeps its biases in one list', () => {
    check('CuDNNGRU', { units: UNITS }, [sequence], [2, UNITS], (layer) => {
      expect(layer.weightShapes['bias']).toEqual([18]);
      return range(2).flatMap((n) => gru(layer, n, range(STEPS)).at(-1));
    });
  });

  it('CuDNNLSTM', () => {
    check('CuDNNLSTM', { units: UNITS }, [sequence], [2, UNITS], (layer) => {
      expect(layer.weightShapes).toEqual({ kernel: [2, 12], recurrent_kernel: [3, 12], bias: [24] });
      return range(2).flatMap((n) => {
        let h = new Array<number>(UNITS).fill(0);
        let c = new Array<number>(UNITS).fill(0);
        for (const t of range(STEPS)) {
          const { input, state } = products(layer, '/', n, t, h, 4);
          const gate = (k: number, u: number): number => input(k * UNITS + u) + state(k * UNITS + u);
          c = range(UNITS).map((u) => sigmoid(gate(1, u)) * c[u] + sigmoid(gate(0, u)) * Math.tanh(gate(2, u)));
          h = range(UNITS).map((u) => sigmoid(gate(3, u)) * Math.tanh(c[u]));
        }
        return h;
      });
    });
  });
});
