import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { lossNamed } from '../../../src/analysis/measure/losses';
import { seededRandom, WASM_FOLDER } from './support';

beforeAll(() => startBackend(WASM_FOLDER));
afterEach(async () => {
  await tf.setBackend('wasm');
  tf.disposeVariables();
});

const L = tfl.layers;
type Layers = () => tfl.layers.Layer[];

const SEQUENCES: Record<string, [inputShape: number[], layers: Layers]> = {
  dense: [[8], () => [L.dense({ units: 4 })]],
  'dense on a sequence': [[5, 8], () => [L.dense({ units: 4 })]],
  conv2d: [
    [8, 8, 3],
    () => [
      L.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
      L.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
      L.conv2d({ filters: 4, kernelSize: 3, padding: 'valid' }),
    ],
  ],
  'conv2d, uneven': [
    [9, 10, 3],
    () => [
      L.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2, padding: 'valid' }),
      L.conv2d({ filters: 5, kernelSize: 1, strides: 2 }),
      L.conv2d({ filters: 4, kernelSize: 1 }),
    ],
  ],
  'conv2d, channels first': [[3, 8, 8], () => [L.conv2d({ filters: 4, kernelSize: 3, dataFormat: 'channelsFirst' })]],
  'conv2d, dilated': [
    [12, 12, 3],
    () => [
      L.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2, padding: 'same' }),
      L.conv2d({ filters: 4, kernelSize: [3, 2], dilationRate: [2, 3], padding: 'valid' }),
    ],
  ],
  depthwise: [
    [8, 8, 3],
    () => [
      L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
      L.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' }),
    ],
  ],
  'depthwise, uneven': [
    [9, 10, 3],
    () => [L.depthwiseConv2d({ kernelSize: 3 }), L.depthwiseConv2d({ kernelSize: 3, strides: 2 })],
  ],
  'depthwise, dilated': [[9, 10, 3], () => [L.depthwiseConv2d({ kernelSize: 3, dilationRate: 2 })]],
  separable: [[8, 8, 3], () => [L.separableConv2d({ filters: 4, kernelSize: 3 })]],
  conv1d: [
    [16, 3],
    () => [
      L.conv1d({ filters: 4, kernelSize: 3 }),
      L.conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
    ],
  ],
  'conv1d, dilated': [[16, 3], () => [L.conv1d({ filters: 4, kernelSize: 3, dilationRate: 3 })]],
  'conv1d, causal': [[16, 3], () => [L.conv1d({ filters: 4, kernelSize: 3, padding: 'causal', dilationRate: 2 })]],
  conv3d: [[5, 5, 5, 2], () => [L.conv3d({ filters: 2, kernelSize: 3 })]],
  'conv2d, transposed': [
    [8, 8, 3],
    () => [L.dense({ units: 3 }), L.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })],
  ],
  'conv3d, transposed': [
    [4, 4, 4, 2],
    () => [L.dense({ units: 2 }), L.conv3dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' })],
  ],
  maxPooling2d: [[8, 8, 3], () => [L.dense({ units: 3 }), L.maxPooling2d({ poolSize: 2 })]],
  'maxPooling2d, overlapping': [
    [8, 8, 3],
    () => [L.dense({ units: 3 }), L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })],
  ],
  'averagePooling2d, padded': [
    [7, 8, 3],
    () => [L.dense({ units: 3 }), L.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })],
  ],
  'averagePooling3d, padded': [
    [5, 4, 5, 3],
    () => [L.dense({ units: 3 }), L.averagePooling3d({ poolSize: 3, strides: 2, padding: 'same' })],
  ],
  'conv3d, strided': [[5, 6, 5, 2], () => [L.conv3d({ filters: 2, kernelSize: 2, strides: 2, padding: 'same' })]],
  'conv3d, dilated': [[6, 6, 6, 2], () => [L.conv3d({ filters: 2, kernelSize: 2, dilationRate: 2 })]],
  averagePooling2d: [[8, 8, 3], () => [L.dense({ units: 3 }), L.averagePooling2d({ poolSize: 2 })]],
  maxPooling1d: [[8, 3], () => [L.dense({ units: 3 }), L.maxPooling1d({ poolSize: 2 })]],
  averagePooling1d: [[8, 3], () => [L.dense({ units: 3 }), L.averagePooling1d({ poolSize: 2 })]],
  maxPooling3d: [[4, 4, 4, 3], () => [L.dense({ units: 3 }), L.maxPooling3d({ poolSize: 2 })]],
  averagePooling3d: [[4, 4, 4, 3], () => [L.dense({ units: 3 }), L.averagePooling3d({ poolSize: 2 })]],
  globalAveragePooling2d: [[8, 8, 3], () => [L.dense({ units: 3 }), L.globalAveragePooling2d({})]],
  globalMaxPooling2d: [[8, 8, 3], () => [L.dense({ units: 3 }), L.globalMaxPooling2d({})]],
  globalAveragePooling1d: [[8, 3], () => [L.dense({ units: 3 }), L.globalAveragePooling1d({})]],
  globalMaxPooling1d: [[8, 3], () => [L.dense({ units: 3 }), L.globalMaxPooling1d({})]],
  batchNormalization: [[8], () => [L.dense({ units: 4 }), L.batchNormalization()]],
  'batchNormalization of images': [[6, 6, 3], () => [L.dense({ units: 5 }), L.batchNormalization()]],
  'batchNormalization without scale': [[8], () => [L.dense({ units: 4 }), L.batchNormalization({ scale: false })]],
  'batchNormalization without center': [[8], () => [L.dense({ units: 4 }), L.batchNormalization({ center: false })]],
  'batchNormalization along axis 1': [[6, 6, 3], () => [L.dense({ units: 4 }), L.batchNormalization({ axis: 1 })]],
  layerNormalization: [[8], () => [L.dense({ units: 4 }), L.layerNormalization()]],
  'layerNormalization of two axes': [[6, 3], () => [L.dense({ units: 5 }), L.layerNormalization({ axis: [1, 2] })]],
  'layerNormalization along axis 1': [[6, 3], () => [L.dense({ units: 5 }), L.layerNormalization({ axis: 1 })]],
  'layerNormalization without scale': [[8], () => [L.dense({ units: 4 }), L.layerNormalization({ scale: false })]],
  'layerNormalization without center': [[8], () => [L.dense({ units: 4 }), L.layerNormalization({ center: false })]],
  lstm: [[6, 4], () => [L.lstm({ units: 3, returnSequences: true }), L.lstm({ units: 2 })]],
  gru: [[6, 4], () => [L.gru({ units: 3 })]],
  'gru, reset before': [[6, 4], () => [L.gru({ units: 3, resetAfter: false } as never)]],
  simpleRNN: [[6, 4], () => [L.simpleRNN({ units: 3 })]],
  bidirectional: [[6, 4], () => [L.bidirectional({ layer: L.lstm({ units: 3 }), mergeMode: 'concat' })]],
  timeDistributed: [[6, 4], () => [L.timeDistributed({ layer: L.dense({ units: 3 }) })]],
  convLstm2d: [[4, 6, 6, 2], () => [L.convLstm2d({ filters: 2, kernelSize: 3 })]],
  upSampling2d: [[4, 4, 3], () => [L.dense({ units: 3 }), L.upSampling2d({ size: [2, 2] })]],
  'upSampling2d, bilinear': [
    [4, 4, 3],
    () => [L.dense({ units: 3 }), L.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })],
  ],
  zeroPadding2d: [[4, 4, 3], () => [L.dense({ units: 3 }), L.zeroPadding2d({})]],
  cropping2D: [
    [4, 4, 3],
    () => [
      L.dense({ units: 3 }),
      L.cropping2D({
        cropping: [
          [1, 1],
          [1, 1],
        ],
      }),
    ],
  ],
  permute: [[4, 3], () => [L.dense({ units: 3 }), L.permute({ dims: [2, 1] })]],
  repeatVector: [[4], () => [L.dense({ units: 3 }), L.repeatVector({ n: 3 })]],
  softmax: [[8], () => [L.dense({ units: 4 }), L.softmax()]],
  prelu: [[8], () => [L.dense({ units: 4 }), L.prelu()]],
  'prelu with shared axes': [[4, 4, 3], () => [L.dense({ units: 4 }), L.prelu({ sharedAxes: [1, 2] })]],
  leakyReLU: [[8], () => [L.dense({ units: 4 }), L.leakyReLU()]],
  elu: [[8], () => [L.dense({ units: 4 }), L.elu()]],
  thresholdedReLU: [[8], () => [L.dense({ units: 4 }), L.thresholdedReLU({ theta: 0.3 })]],
  'reLU with a maximum': [[8], () => [L.dense({ units: 4 }), L.reLU({ maxValue: 0.8 })]],
  dropout: [[8], () => [L.dense({ units: 4 }), L.dropout({ rate: 0.5 })]],
  gaussianNoise: [[8], () => [L.dense({ units: 4 }), L.gaussianNoise({ stddev: 0.5 })]],
  masking: [[6, 4], () => [L.dense({ units: 3 }), L.masking(), L.lstm({ units: 2 })]],
  rescaling: [[8], () => [L.dense({ units: 4 }), L.rescaling({ scale: 0.5, offset: 1 })]],
};
for (const activation of [
  'elu',
  'hardSigmoid',
  'linear',
  'relu',
  'relu6',
  'selu',
  'sigmoid',
  'softmax',
  'softplus',
  'softsign',
  'logSoftmax',
  'tanh',
  'swish',
  'mish',
  'gelu',
  'gelu_new',
] as const) {
  SEQUENCES[`activation ${activation}`] = [[8], () => [L.dense({ units: 4, activation: activation as 'relu' })]];
}

/** Deterministic weights; variances are positive. */
function fixWeights(model: tfl.LayersModel): void {
  const random = seededRandom(3);
  const values = model.weights.map((weight) => {
    const variance = weight.name.includes('variance');
    const size = weight.shape.reduce<number>((product, length) => product * length!, 1);
    const uniform = Float32Array.from({ length: size }, () => (variance ? 0.5 : -0.5) + random.uniform());
    return tf.tensor(uniform, weight.shape as number[]);
  });
  model.setWeights(values);
  tf.dispose(values);
}

/** The output, and the gradients of `sum(output * cotangent)` by every trainable weight and the inputs. */
function gradients(model: tfl.LayersModel, inputs: tf.Tensor[], training: boolean): Float32Array[] {
  const float = inputs.every(({ dtype }) => dtype === 'float32');
  const variables = model.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val);
  const all = [...variables, ...(float ? inputs : [])];
  const results = tf.tidy(() => {
    const { grads } = tf.engine().gradients(() => loss(model, inputs, training), all);
    return [model.apply(inputs, { training }) as tf.Tensor, ...grads];
  });
  return results.map((result) => {
    const values = result.dataSync<'float32'>();
    result.dispose();
    return values;
  });
}

function loss(model: tfl.LayersModel, inputs: tf.Tensor[], training: boolean): tf.Tensor {
  const y = model.apply(inputs, { training }) as tf.Tensor;
  const cotangent = seededRandom(29).normals(y.size);
  return tf.sum(tf.mul(y, tf.tensor(cotangent, y.shape)));
}

/** The same, summed in float64. */
function exactLoss(model: tfl.LayersModel, inputs: tf.Tensor[], training: boolean): number {
  const y = tf.tidy(() => (model.apply(inputs, { training }) as tf.Tensor).dataSync<'float32'>());
  const cotangent = seededRandom(29).normals(y.length);
  return y.reduce((sum, value, i) => sum + value * cotangent[i], 0);
}

/** Each part to 1e-4 of its largest entry; parts that cancel to nothing (a bias before batch normalisation), of 1 % of all. */
function expectClose(actual: Float32Array[], expected: Float32Array[]): void {
  expect(actual.length).toBe(expected.length);
  const largest = (values: Float32Array): number => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const floor = 0.01 * Math.max(...expected.map(largest));
  expected.forEach((reference, i) => {
    expect(actual[i].length).toBe(reference.length);
    const difference = largest(reference.map((value, j) => value - actual[i][j]));
    expect(difference / Math.max(floor, largest(reference)), `part ${i}`).toBeLessThanOrEqual(1e-4);
  });
}

async function compareWithCpu(model: tfl.LayersModel, inputs: tf.Tensor[], training: boolean): Promise<void> {
  fixWeights(model);
  const before = tf.memory();
  const onWasm = gradients(model, inputs, training);
  const after = tf.memory();
  expect(after.numTensors).toBe(before.numTensors);
  expect(after.numDataBuffers).toBe(before.numDataBuffers);
  await tf.setBackend('cpu');
  expectClose(onWasm, gradients(model, inputs, training));
  await tf.setBackend('wasm');
  expectFiniteDifference(model, inputs, training, onWasm);
}

/** Layers of which one or another maximum or corner lies within the steps of the differences, so that these are no derivatives. */
const CORNERS = /maxPooling|prelu with shared axes|convLstm2d/;

/**
 * The derivative along a random direction of all weights against central differences (of fourth order) of the loss, so
 * that an error that both backends share is seen too.
 */
function expectFiniteDifference(
  model: tfl.LayersModel,
  inputs: tf.Tensor[],
  training: boolean,
  parts: Float32Array[],
): void {
  if (model.trainableWeights.length === 0) return;
  const random = seededRandom(41);
  const weights = model.trainableWeights.map((weight) => weight.read().dataSync<'float32'>());
  const direction = weights.map((values) => random.normals(values.length));
  const shifted = (step: number): number => {
    model.trainableWeights.forEach((weight, i) => {
      const values = weights[i].map((value, j) => value + step * direction[i][j]);
      const value = tf.tensor(values, weight.shape as number[]);
      weight.write(value);
      value.dispose();
    });
    return exactLoss(model, inputs, training);
  };
  const corners = CORNERS.test(expect.getState().currentTestName!);
  const step = corners ? 2 ** -12 : 2 ** -9;
  const measured = (shifted(-2 * step) - 8 * shifted(-step) + 8 * shifted(step) - shifted(2 * step)) / (12 * step);
  const expected = direction.reduce(
    (sum, values, i) => sum + values.reduce((part, value, j) => part + value * parts[i + 1][j], 0),
    0,
  );
  const norm = Math.hypot(
    ...direction.flatMap((values, i) => values.reduce((m, v, j) => m + (v * parts[i + 1][j]) ** 2, 0) ** 0.5),
  );
  expect(Math.abs(measured - expected) / norm).toBeLessThan(corners ? 1e-2 : 1e-4);
}

function sequence(inputShape: number[], layers: tfl.layers.Layer[], dtype: 'float32' | 'int32' = 'float32') {
  const input = tfl.input({ shape: inputShape, dtype });
  const outputs = layers.reduce((symbolic, layer) => layer.apply(symbolic) as tfl.SymbolicTensor, input);
  return tfl.model({ inputs: input, outputs });
}

describe.each([
  ['inference', false],
  ['training', true],
])('%s', (_mode, training) => {
  test.each(Object.keys(SEQUENCES))('%s', async (name) => {
    const [inputShape, layers] = SEQUENCES[name];
    // tfjs itself cannot train batch normalisation without its parts, and noise differs from run to run.
    if (training && /without (scale|center)|dropout|Noise/.test(name)) return;
    const model = sequence(inputShape, layers());
    const shape = [3, ...inputShape];
    const x = tf.tensor(seededRandom(17).normals(tf.util.sizeFromShape(shape)), shape);
    await compareWithCpu(model, [x], training);
    x.dispose();
  });
});

test("conv2d: the gradient at the network's input is left to those who ask", async () => {
  const layer = L.conv2d({ filters: 2, kernelSize: 3, useBias: true });
  const x = tf.tensor(seededRandom(18).normals(50), [1, 5, 5, 2]);
  const apply = (): tf.Scalar => tf.sum(layer.apply(x) as tf.Tensor);
  tf.dispose(apply());
  const kernelsOf = async (gradient: () => unknown): Promise<string[]> =>
    (await tf.profile(() => tf.tidy(() => void gradient()))).kernelNames;
  const byWeights = await kernelsOf(() => tf.variableGrads(apply));
  expect(byWeights).toContain('Conv2DBackpropFilter');
  expect(byWeights).not.toContain('Conv2DBackpropInput');
  const byInput = await kernelsOf(() => tf.grad((input: tf.Tensor) => tf.sum(layer.apply(input) as tf.Tensor))(x));
  expect(byInput).toContain('Conv2DBackpropInput');
  expect(byInput).not.toContain('Conv2DBackpropFilter');
  tf.dispose(x);
  layer.dispose();
});

test('embedding', async () => {
  const model = sequence([5], [L.embedding({ inputDim: 10, outputDim: 6 }), L.flatten()]);
  const ids = tf.tensor2d([0, 9, 3, 3, 1, 2, 2, 2, 8, 5], [2, 5], 'int32');
  await compareWithCpu(model, [ids], false);
  ids.dispose();
});

test.each(['add', 'multiply', 'average', 'maximum', 'minimum', 'concatenate', 'dot'] as const)(
  'merge: %s',
  async (kind) => {
    const input = tfl.input({ shape: [8] });
    const branches = [0, 1].map(() => L.dense({ units: 4 }).apply(input) as tfl.SymbolicTensor);
    const merge = kind === 'dot' ? L.dot({ axes: 1 }) : L[kind]();
    const model = tfl.model({ inputs: input, outputs: merge.apply(branches) as tfl.SymbolicTensor });
    const x = tf.tensor(seededRandom(5).normals(24), [3, 8]);
    await compareWithCpu(model, [x], false);
    x.dispose();
  },
);

test.each([
  'mean_squared_error',
  'mean_absolute_error',
  'mean_absolute_percentage_error',
  'mean_squared_logarithmic_error',
  'squared_hinge',
  'hinge',
  'categorical_hinge',
  'logcosh',
  'categorical_crossentropy',
  'sparse_categorical_crossentropy',
  'binary_crossentropy',
  'kullback_leibler_divergence',
  'poisson',
  'cosine_proximity',
])('loss: %s', async (name) => {
  const lossOf = lossNamed(name)!;
  const sparse = name.startsWith('sparse');
  const labels = sparse ? tf.tensor2d([0, 2, 1], [3, 1]) : tf.tensor2d([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0], [3, 4]);
  const logits = tf.tensor(seededRandom(5).normals(12), [3, 4]);
  const gradient = (): Float32Array[] => {
    const result = tf.grad((x: tf.Tensor) => lossOf(labels, tf.softmax(x)))(logits);
    const values = result.dataSync<'float32'>();
    result.dispose();
    return [values];
  };
  const onWasm = gradient();
  expect(onWasm[0].some((value) => value !== 0)).toBe(true);
  await tf.setBackend('cpu');
  expectClose(onWasm, gradient());
  tf.dispose([labels, logits]);
});
