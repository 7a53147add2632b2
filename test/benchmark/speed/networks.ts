/** The networks whose diagnosis is timed, written as Keras model files with a probe beside them. */

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mulberry32 } from '../../../src/analysis/probe/random';
import { npyBytes } from '../diagnosis/npy';

/** One layer of a Keras model file. */
interface LayerEntry {
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: unknown[];
}

export interface TimedNetwork {
  readonly id: string;
  readonly title: string;
  /** Samples of the batch that is timed. */
  readonly batch: number;
  readonly inputShape: readonly number[];
  readonly layers: readonly LayerEntry[];
  /** Name and shape of every weight, in the order of the layers. */
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Lines up layers and the weights that Keras gives them. Every method returns the name of the layer that it added. */
class Builder {
  readonly layers: LayerEntry[] = [];
  readonly weights: { name: string; shape: number[] }[] = [];

  add(className: string, inputs: readonly string[], config: object, weights: Readonly<Record<string, number[]>> = {}) {
    const name = `${className.toLowerCase()}_${this.layers.length}`;
    const inbound = inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])];
    this.layers.push({ class_name: className, name, config: { name, ...config }, inbound_nodes: inbound });
    for (const [weight, shape] of Object.entries(weights)) this.weights.push({ name: `${name}/${weight}`, shape });
    return name;
  }

  input(shape: readonly number[]): string {
    return this.add('InputLayer', [], { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false });
  }

  dense(input: string, from: number, units: number, activation: string): string {
    return this.add('Dense', [input], { units, activation, use_bias: true }, { kernel: [from, units], bias: [units] });
  }

  convolution(input: string, from: number, filters: number, size: number, config: object): string {
    const bias = (config as { use_bias?: boolean }).use_bias !== false;
    return this.add(
      'Conv2D',
      [input],
      { filters, kernel_size: [size, size], strides: [1, 1], padding: 'valid', activation: 'linear', ...config },
      { kernel: [size, size, from, filters], ...(bias ? { bias: [filters] } : {}) },
    );
  }

  /** Batch normalisation with statistics as saved. */
  normalized(input: string, channels: number): string {
    const shape = [channels];
    const weights = { gamma: shape, beta: shape, moving_mean: shape, moving_variance: shape };
    return this.add('BatchNormalization', [input], { axis: [3], momentum: 0.99, epsilon: 0.001 }, weights);
  }

  relu6(input: string): string {
    return this.add('ReLU', [input], { max_value: 6 });
  }
}

function network(
  id: string,
  title: string,
  batch: number,
  inputShape: readonly number[],
  body: (builder: Builder, input: string) => void,
): TimedNetwork {
  const builder = new Builder();
  body(builder, builder.input(inputShape));
  return { id, title, batch, inputShape, layers: builder.layers, weights: builder.weights };
}

/** Dense layers of these widths; the last is a softmax. */
export function mlp(id: string, title: string, batch: number, widths: readonly number[], hidden: string): TimedNetwork {
  return network(id, title, batch, [widths[0]], (builder, input) => {
    widths.slice(1).reduce((before, units, i) => {
      const activation = i === widths.length - 2 ? 'softmax' : hidden;
      return builder.dense(before, widths[i], units, activation);
    }, input);
  });
}

/** `depth` sigmoid layers of 128 units (Glorot and Bengio 2010 study such stacks). */
export function sigmoidStack(id: string, depth: number, batch: number): TimedNetwork {
  const widths = [...new Array<number>(depth + 1).fill(128), 10];
  return mlp(id, `${depth} sigmoid layers of 128`, batch, widths, 'sigmoid');
}

/** LeCun et al. 1998, with ReLU and max pooling. */
const lenet = network('lenet', 'LeNet', 128, [28, 28, 1], (b, input) => {
  const pooling = { pool_size: [2, 2], strides: [2, 2], padding: 'valid' };
  let x = b.convolution(input, 1, 6, 5, { padding: 'same', activation: 'relu' });
  x = b.add('MaxPooling2D', [x], pooling);
  x = b.convolution(x, 6, 16, 5, { activation: 'relu' });
  x = b.add('MaxPooling2D', [x], pooling);
  x = b.add('Flatten', [x], {});
  x = b.dense(x, 400, 120, 'relu');
  x = b.dense(x, 120, 84, 'relu');
  b.dense(x, 84, 10, 'softmax');
});

/** Sandler et al. 2018 (arXiv:1801.04381), table 2: expansion, channels, repetitions, stride. */
const MOBILENET_BLOCKS = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

export const mobileNet = network('mobilenet-v2', 'MobileNetV2 1.0/224', 8, [224, 224, 3], (b, input) => {
  const plain = { use_bias: false, padding: 'same' };
  let x = b.relu6(b.normalized(b.convolution(input, 3, 32, 3, { ...plain, strides: [2, 2] }), 32));
  let channels = 32;
  for (const [expansion, out, repetitions, stride] of MOBILENET_BLOCKS) {
    for (let k = 0; k < repetitions; k++) {
      const strides = k === 0 ? stride : 1;
      const wide = channels * expansion;
      let y = expansion === 1 ? x : b.relu6(b.normalized(b.convolution(x, channels, wide, 1, plain), wide));
      const depthwise = { kernel_size: [3, 3], strides: [strides, strides], depth_multiplier: 1, activation: 'linear' };
      const kernel = { depthwise_kernel: [3, 3, wide, 1] };
      y = b.relu6(b.normalized(b.add('DepthwiseConv2D', [y], { ...depthwise, ...plain }, kernel), wide));
      y = b.normalized(b.convolution(y, wide, out, 1, plain), out);
      x = strides === 1 && channels === out ? b.add('Add', [x, y], {}) : y;
      channels = out;
    }
  }
  x = b.relu6(b.normalized(b.convolution(x, channels, 1280, 1, plain), 1280));
  b.dense(b.add('GlobalAveragePooling2D', [x], {}), 1280, 1000, 'softmax');
});

const lstm = network('lstm', 'LSTM 64 over 32 steps', 64, [32, 32], (b, input) => {
  const units = 64;
  const config = {
    units,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    use_bias: true,
    return_sequences: false,
  };
  const weights = { kernel: [32, 4 * units], recurrent_kernel: [units, 4 * units], bias: [4 * units] };
  b.dense(b.add('LSTM', [input], { ...config, unit_forget_bias: true }, weights), units, 10, 'softmax');
});

/** Two blocks of Vaswani et al. 2017 (arXiv:1706.03762): attention and two dense layers, each added and normalised. */
const transformer = network('transformer', 'Transformer encoder, 2 blocks of 64', 32, [32, 16], (b, input) => {
  const width = 64;
  const heads = 4;
  const size = width / heads;
  const projections = Object.fromEntries(
    ['query', 'key', 'value'].flatMap((name) => [
      [`${name}/kernel`, [width, heads, size]],
      [`${name}/bias`, [heads, size]],
    ]),
  ) as Record<string, number[]>;
  const output = { 'attention_output/kernel': [heads, size, width], 'attention_output/bias': [width] };
  const normalized = (inputs: string[]): string =>
    b.add(
      'LayerNormalization',
      [b.add('Add', inputs, {})],
      { axis: [2], epsilon: 1e-6 },
      { gamma: [width], beta: [width] },
    );
  let x = b.dense(input, 16, width, 'linear');
  for (let block = 0; block < 2; block++) {
    const attention = { num_heads: heads, key_dim: size, value_dim: size, use_bias: true };
    x = normalized([x, b.add('MultiHeadAttention', [x, x], attention, { ...projections, ...output })]);
    x = normalized([x, b.dense(b.dense(x, width, 4 * width, 'relu'), 4 * width, width, 'linear')]);
  }
  b.dense(b.add('GlobalAveragePooling1D', [x], {}), width, 10, 'softmax');
});

export const NETWORKS: readonly TimedNetwork[] = [
  mlp('mlp', 'MLP 784-512-512-10', 256, [784, 512, 512, 10], 'relu'),
  lenet,
  sigmoidStack('deep', 50, 256),
  lstm,
  transformer,
  mobileNet,
];

/** Writes `model.json`, `weights.bin` and `probe.npy` (one batch) into the folder. */
export async function writeNetwork(network: TimedNetwork, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { id, layers, weights, batch, inputShape } = network;
  const output = layers[layers.length - 1].name;
  const random = mulberry32(1);
  const values = weights.map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return Float32Array.from({ length: size }, () => draw(name, shape, random));
  });
  const description = {
    format: 'layers-model',
    generatedBy: 'keras v2.13.1',
    convertedBy: null,
    modelTopology: {
      keras_version: '2.13.1',
      backend: 'tensorflow',
      model_config: {
        class_name: 'Functional',
        config: { name: id, layers, input_layers: [[layers[0].name, 0, 0]], output_layers: [[output, 0, 0]] },
      },
    },
    weightsManifest: [{ paths: ['weights.bin'], weights: weights.map((weight) => ({ ...weight, dtype: 'float32' })) }],
  };
  await writeFile(path.join(folder, 'model.json'), JSON.stringify(description));
  await writeFile(path.join(folder, 'weights.bin'), Buffer.concat(values.map((array) => Buffer.from(array.buffer))));
  const size = inputShape.reduce((a, b) => a * b, batch);
  const probe = Float32Array.from({ length: size }, () => 2 * random() - 1);
  await writeFile(path.join(folder, 'probe.npy'), npyBytes([batch, ...inputShape], probe));
}

/** Kernels uniform as Glorot and Bengio (2010) draw them, scales and variances 1, everything else 0. */
function draw(name: string, shape: readonly number[], random: () => number): number {
  if (/gamma|moving_variance/.test(name)) return 1;
  if (!/kernel/.test(name)) return 0;
  const positions = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const [fanIn, fanOut] = shape.slice(-2);
  return Math.sqrt(6 / (positions * (fanIn + fanOut))) * (2 * random() - 1);
}
