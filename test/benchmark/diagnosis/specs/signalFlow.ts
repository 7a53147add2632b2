import type { NetworkSpec } from '../networkSpec';
import {
  conv,
  data,
  dense,
  doesNotLearn,
  initial,
  layer,
  linearOutput,
  networks,
  randomNormal,
  repeat,
  sigmoidOutput,
  softmax,
  training,
  varianceScaling,
} from './layers';

/** What goes with a gradient that fades: the signal fades too, and with it the rank. */
const faded = [
  'vanishing-signal',
  'vanishing-gradient',
  'low-rank',
  'poor-initialization',
  'saturated-activation',
  'not-zero-centered',
] as const;
const byActivation = { rules: ['vanishing-gradient'], cause: 'vanishing-by-activation', acceptable: faded } as const;
const byInitialization = {
  rules: ['vanishing-gradient'],
  cause: 'vanishing-by-initialization',
  acceptable: faded,
} as const;
const slow = (epochs: number) => training(epochs, { optimizer: 'sgd', learningRate: 0.05 });
const fixed = { ...slow(0) };
const sigmoid = (units: number) => dense(units, 'sigmoid', 'glorotUniform');

const VANISHING: readonly NetworkSpec[] = [
  ...networks(
    'sigmoid-8x32',
    [1, 2],
    { data: data('clusters'), training: fixed, layers: [...repeat(8, sigmoid(32)), softmax(4)] },
    { ...byActivation, evidence: [doesNotLearn(15, 0.4)] },
  ),
  ...networks(
    'sigmoid-12x64',
    [1],
    { data: data('clusters'), training: fixed, probe: 'unlabelled', layers: [...repeat(12, sigmoid(64)), softmax(4)] },
    { ...byActivation, evidence: [doesNotLearn(15, 0.4)] },
  ),
  ...networks(
    'sigmoid-50x16',
    [1],
    { data: data('blobs'), training: fixed, probe: 'synthetic', layers: [...repeat(50, sigmoid(16)), softmax(3)] },
    { ...byActivation, evidence: [doesNotLearn(10, 0.5)] },
  ),
  ...networks(
    'trained-sigmoid-10x32',
    [1, 2],
    { data: data('clusters'), training: slow(10), layers: [...repeat(10, sigmoid(32)), softmax(4)] },
    { ...byActivation, evidence: [doesNotLearn(10, 0.4)] },
  ),
  ...networks(
    'hard-sigmoid-10x32',
    [1],
    {
      data: data('clusters'),
      training: fixed,
      layers: [...repeat(10, dense(32, 'hardSigmoid', 'glorotUniform')), softmax(4)],
    },
    { ...byActivation, evidence: [doesNotLearn(15, 0.4)] },
  ),
  ...networks(
    'sigmoid-conv-7x8',
    [1],
    {
      data: data('stripes'),
      training: { ...fixed, samples: 256 },
      layers: [...repeat(7, conv(8, 'sigmoid', 'glorotUniform')), layer('globalAveragePooling2d'), softmax(3)],
    },
    { ...byActivation, evidence: [doesNotLearn(3, 0.5)] },
  ),
  ...networks(
    'tanh-small-10x64',
    [1, 2],
    {
      data: data('clusters'),
      training: fixed,
      layers: [...repeat(10, dense(64, 'tanh', randomNormal(0.02))), softmax(4)],
    },
    { ...byInitialization, evidence: [doesNotLearn(15, 0.4)] },
  ),
  ...networks(
    'relu-small-8x64',
    [1, 2],
    {
      data: data('clusters'),
      training: fixed,
      layers: [...repeat(8, dense(64, 'relu', randomNormal(0.03))), softmax(4)],
    },
    { ...byInitialization, evidence: [doesNotLearn(15, 0.4)] },
  ),
  ...networks(
    'relu-small-trained-8x64',
    [1],
    {
      data: data('clusters'),
      training: slow(6),
      layers: [...repeat(8, dense(64, 'relu', randomNormal(0.03))), softmax(4)],
    },
    { ...byInitialization, evidence: [doesNotLearn(10, 0.4)] },
  ),
  ...networks(
    'leaky-small-10x32',
    [1],
    {
      data: data('clusters'),
      training: fixed,
      probe: 'synthetic',
      layers: [...repeat(10, dense(32, 'linear', randomNormal(0.04)), layer('leakyReLU', { alpha: 0.2 })), softmax(4)],
    },
    { ...byInitialization, evidence: [doesNotLearn(15, 0.4)] },
  ),
  ...networks(
    'selu-small-10x48',
    [1],
    {
      data: data('clusters'),
      training: fixed,
      layers: [...repeat(10, dense(48, 'selu', randomNormal(0.02))), softmax(4)],
    },
    { ...byInitialization, evidence: [doesNotLearn(15, 0.4)] },
  ),
  ...networks(
    'conv-small-8x8',
    [1, 2],
    {
      data: data('stripes'),
      training: { ...fixed, samples: 256 },
      layers: [...repeat(8, conv(8, 'relu', randomNormal(0.02))), layer('globalAveragePooling2d'), softmax(3)],
    },
    { ...byInitialization, evidence: [doesNotLearn(3, 0.5)] },
  ),
  // Trained as little as this, biases of a thousandth silence whole layers, since nothing stronger reaches them.
  ...networks(
    'conv1d-small-drowned-6x16',
    [1, 2],
    {
      data: data('waves'),
      training: slow(5),
      layers: [
        ...repeat(
          6,
          layer('conv1d', {
            filters: 16,
            kernelSize: 3,
            padding: 'same',
            activation: 'relu',
            kernelInitializer: randomNormal(0.03),
          }),
        ),
        layer('globalAveragePooling1d'),
        softmax(2),
      ],
    },
    {
      ...byInitialization,
      rules: ['vanishing-gradient', 'vanishing-signal'],
      acceptable: [...faded, 'dead-relu'],
      evidence: [doesNotLearn(10, 0.7)],
    },
  ),
  // The published net of 34 layers: without biases every kernel has the same share of the gradient, so their ratios look healthy.
  ...networks(
    'relu-glorot-no-bias-34x128',
    [1, 2],
    {
      data: data('clusters'),
      training: fixed,
      layers: [...repeat(34, dense(128, 'relu', 'glorotUniform', { useBias: false })), softmax(4)],
    },
    { ...byInitialization, rules: ['vanishing-signal', 'vanishing-gradient'], evidence: [doesNotLearn(3, 0.4)] },
  ),
];

const unborn = {
  rules: ['poor-initialization'],
  cause: 'vanishing-by-initialization',
  acceptable: [...faded, 'dead-relu'],
} as const;
const study = {
  rules: ['vanishing-gradient'],
  cause: 'vanishing-by-activation',
  acceptable: [...faded, 'output-activation-mismatch'],
} as const;

/** From the AUTOTRAINER and DeepDiagnosis studies. */
const STUDIES: readonly NetworkSpec[] = [
  ...networks(
    'study-blob-2569b90f',
    [1, 2],
    {
      data: data('blobs'),
      training: fixed,
      layers: [...repeat(11, dense(5, 'sigmoid', varianceScaling(2))), dense(3, 'sigmoid', varianceScaling(2))],
    },
    { ...study, evidence: [doesNotLearn(15, 0.5)] },
  ),
  ...networks(
    'study-circle-c632dcbd',
    [1, 2],
    {
      data: data('circles'),
      training: fixed,
      layers: [...repeat(12, dense(5, 'sigmoid', varianceScaling(2))), dense(1, 'sigmoid', varianceScaling(2))],
    },
    { ...study, evidence: [doesNotLearn(15, 0.6)] },
  ),
  // tfjs's RandomUniform() is uniform on [-0.05, 0.05], as in Keras.
  ...networks(
    'study-blob-384108d9',
    [1, 2],
    {
      data: data('blobs'),
      training: fixed,
      layers: [...repeat(8, dense(5, 'relu', 'randomUniform')), dense(3, 'sigmoid', varianceScaling(2))],
    },
    { ...unborn, acceptable: [...unborn.acceptable, 'output-activation-mismatch'], evidence: [doesNotLearn(15, 0.5)] },
  ),
  ...networks(
    'study-circle-8de47bdc',
    [1, 2],
    {
      data: data('circles'),
      training: fixed,
      layers: [...repeat(8, dense(5, 'relu', 'randomUniform')), dense(1, 'sigmoid', varianceScaling(2))],
    },
    { ...unborn, evidence: [doesNotLearn(15, 0.6)] },
  ),
];

const grown = [
  'exploding-signal',
  'exploding-gradient',
  'poor-initialization',
  'learning-rate-too-high',
  'saturated-activation',
  'non-finite',
] as const;
const exploding = { rules: ['exploding-gradient'], cause: 'exploding', acceptable: grown } as const;

const EXPLODING: readonly NetworkSpec[] = [
  ...networks(
    'relu-large-10x64',
    [1, 2],
    {
      data: data('clusters'),
      training: fixed,
      layers: [...repeat(10, dense(64, 'relu', randomNormal(0.8))), softmax(4)],
    },
    { ...exploding, evidence: [doesNotLearn(5, 0.6)] },
  ),
  ...networks(
    'relu-large-sine-8x32',
    [1],
    { data: data('sine'), training: fixed, layers: [...repeat(8, dense(32, 'relu', randomNormal(1))), linearOutput] },
    { ...exploding, evidence: [doesNotLearn(5, 0.1)] },
  ),
  ...networks(
    'leaky-large-12x32',
    [1],
    {
      data: data('clusters'),
      training: fixed,
      probe: 'unlabelled',
      layers: [...repeat(12, dense(32, 'linear', randomNormal(0.8)), layer('leakyReLU', { alpha: 0.2 })), softmax(4)],
    },
    { ...exploding, evidence: [doesNotLearn(5, 0.6)] },
  ),
  ...networks(
    'linear-large-10x32',
    [1],
    {
      data: data('sine'),
      training: fixed,
      probe: 'synthetic',
      layers: [...repeat(10, dense(32, 'elu', randomNormal(0.9))), linearOutput],
    },
    { ...exploding, evidence: [doesNotLearn(5, 0.1)] },
  ),
  ...networks(
    'conv-large-6x8',
    [1, 2],
    {
      data: data('stripes'),
      training: { ...fixed, samples: 256 },
      layers: [...repeat(6, conv(8, 'relu', randomNormal(1))), layer('globalAveragePooling2d'), softmax(3)],
    },
    { ...exploding, evidence: [doesNotLearn(4, 0.6)] },
  ),
  ...networks(
    'residual-large-8',
    [1],
    {
      data: data('clusters'),
      training: fixed,
      layers: [
        dense(32, 'relu', 'heUniform'),
        ...repeat(8, { residual: [dense(32, 'relu', randomNormal(0.7)), dense(32, 'linear', randomNormal(0.7))] }),
        softmax(4),
      ],
    },
    { ...exploding, evidence: [doesNotLearn(5, 0.6)] },
  ),
];

const NON_FINITE: readonly NetworkSpec[] = [
  ...networks(
    'trained-to-nan',
    [1, 2],
    {
      data: data('sine'),
      training: training(10, { optimizer: 'sgd', learningRate: 30 }),
      layers: [...repeat(3, dense(32, 'elu', 'heUniform')), linearOutput],
    },
    {
      rules: ['non-finite'],
      cause: null,
      acceptable: [...grown, 'dead-relu', 'vanishing-signal'],
      evidence: [{ kind: 'non-finite' }],
    },
  ),
  ...networks(
    'overflow-40x64',
    [1],
    {
      data: data('clusters'),
      training: fixed,
      layers: [...repeat(40, dense(64, 'relu', randomNormal(5))), softmax(4)],
    },
    { rules: ['non-finite'], cause: 'exploding', acceptable: grown, evidence: [{ kind: 'non-finite' }] },
  ),
  ...networks(
    'one-nan-weight',
    [1],
    {
      data: data('circles'),
      training: initial,
      edits: [{ layer: 'dense_2', weight: 'kernel', edit: 'nan' }],
      layers: [...repeat(3, dense(16, 'relu', 'heUniform')), sigmoidOutput],
    },
    { rules: ['non-finite'], cause: null, evidence: [{ kind: 'non-finite' }] },
  ),
];

export const SIGNAL_FLOW: readonly NetworkSpec[] = [...VANISHING, ...STUDIES, ...EXPLODING, ...NON_FINITE];
