import type { LayerSpec, NetworkSpec } from '../networkSpec';
import { VOCABULARY } from '../tasks';
import {
  conv,
  data,
  dense,
  healthy,
  initial,
  layer,
  learned,
  learns,
  repeat,
  residual,
  sigmoidOutput,
  softmax,
  training,
} from './layers';

const flatten = layer('flatten');
const pool = layer('maxPooling2d', { poolSize: 2 });
/** So that its averages follow within a few dozen steps. */
const momentum = 0.8;
const batchNorm = layer('batchNormalization', { momentum });
const relu = layer('activation', { activation: 'relu' });
const conv1d = (filters: number): LayerSpec =>
  layer('conv1d', { filters, kernelSize: 3, padding: 'same', activation: 'relu', kernelInitializer: 'heUniform' });
const short = { samples: 256, learningRate: 0.01 };
const gentle = { samples: 256, learningRate: 0.003 };

const CONVOLUTIONAL: readonly NetworkSpec[] = [
  ...healthy(
    'conv-he-3x8',
    [1, 2],
    {
      data: data('stripes'),
      training: { ...initial, ...short },
      layers: [...repeat(3, conv(8, 'relu', 'heUniform')), flatten, softmax(3)],
    },
    [learns(6, 0.9)],
  ),
  ...healthy(
    'conv-he-3x8-noise-probe',
    [1],
    {
      data: data('stripes'),
      training: { ...initial, ...short },
      probe: 'synthetic',
      layers: [...repeat(3, conv(8, 'relu', 'heUniform')), flatten, softmax(3)],
    },
    [learns(6, 0.9)],
  ),
  ...healthy(
    'trained-conv-pool',
    [1, 4],
    {
      data: data('stripes'),
      training: training(12, gentle),
      layers: [
        conv(8, 'relu', 'heUniform'),
        pool,
        conv(12, 'relu', 'heUniform'),
        pool,
        flatten,
        dense(16, 'relu', 'heUniform'),
        softmax(3),
      ],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-conv-pool-noise-probe',
    [1, 4],
    {
      data: data('stripes'),
      training: training(12, gentle),
      probe: 'synthetic',
      layers: [
        conv(8, 'relu', 'heUniform'),
        pool,
        conv(12, 'relu', 'heUniform'),
        pool,
        flatten,
        dense(16, 'relu', 'heUniform'),
        softmax(3),
      ],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-conv-batch-norm',
    [1],
    {
      data: data('stripes'),
      training: training(8, short),
      layers: [
        ...repeat(3, conv(8, 'linear', 'heUniform', { useBias: false }), batchNorm, relu),
        layer('globalAveragePooling2d'),
        softmax(3),
      ],
    },
    [learned(0.8)],
  ),
  ...healthy(
    'conv-batch-norm-6x8',
    [1],
    {
      data: data('stripes'),
      training: { ...initial, ...short },
      layers: [
        ...repeat(6, conv(8, 'linear', 'heUniform', { useBias: false }), batchNorm, relu),
        layer('globalAveragePooling2d'),
        softmax(3),
      ],
    },
    [learns(6, 0.7)],
  ),
  ...healthy(
    'trained-depthwise',
    [1],
    {
      data: data('stripes'),
      training: training(10, short),
      layers: [
        conv(8, 'relu', 'heUniform'),
        layer('depthwiseConv2d', { kernelSize: 3, padding: 'same', activation: 'linear' }),
        conv(8, 'relu', 'heUniform', { kernelSize: 1 }),
        pool,
        flatten,
        softmax(3),
      ],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-conv1d',
    [1, 2],
    {
      data: data('waves'),
      training: training(10, short),
      layers: [conv1d(8), conv1d(8), layer('globalAveragePooling1d'), softmax(2)],
    },
    [learned(0.9)],
  ),
];

const zeroGamma = layer('batchNormalization', { gammaInitializer: 'zeros', momentum });
const stem = dense(32, 'relu', 'heUniform');
const zeroBranch = residual(dense(32, 'relu', 'heUniform'), dense(32, 'linear', 'zeros'));
const smallBranch = residual(
  dense(32, 'relu', 'heUniform'),
  dense(32, 'linear', {
    className: 'varianceScaling',
    config: { scale: 0.05, mode: 'fanIn', distribution: 'uniform' },
  }),
);

const RESIDUAL: readonly NetworkSpec[] = [
  // ResNet's zero gamma: every branch starts at 0.
  ...healthy(
    'zero-gamma-8-blocks',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      layers: [
        stem,
        ...repeat(
          8,
          residual(dense(32, 'linear', 'heUniform'), batchNorm, relu, dense(32, 'linear', 'heUniform'), zeroGamma),
        ),
        softmax(4),
      ],
    },
    [learns(10, 0.9)],
  ),
  // Fixup: the last layer of every branch and the output layer start at 0.
  ...healthy(
    'fixup-like-10-blocks',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      layers: [stem, ...repeat(10, zeroBranch), dense(4, 'softmax', 'zeros')],
    },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'zero-branch-synthetic',
    [1],
    {
      data: data('clusters'),
      training: initial,
      probe: 'synthetic',
      layers: [stem, ...repeat(6, zeroBranch), softmax(4)],
    },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'trained-residual-30',
    [1, 2],
    { data: data('clusters'), training: training(10), layers: [stem, ...repeat(15, smallBranch), softmax(4)] },
    [learned(0.9)],
  ),
  ...healthy(
    'residual-sigmoid-12',
    [1],
    {
      data: data('clusters'),
      training: initial,
      layers: [
        dense(32, 'tanh', 'glorotUniform'),
        ...repeat(6, residual(dense(32, 'sigmoid', 'glorotUniform'), dense(32, 'linear', 'glorotUniform'))),
        softmax(4),
      ],
    },
    [learns(15, 0.9)],
  ),
  ...healthy(
    'trained-residual-conv',
    [1, 2],
    {
      data: data('stripes'),
      training: training(8, short),
      layers: [
        conv(8, 'relu', 'heUniform'),
        ...repeat(3, residual(conv(8, 'linear', 'heUniform'), batchNorm, relu, conv(8, 'linear', 'zeros'))),
        relu,
        layer('globalAveragePooling2d'),
        softmax(3),
      ],
    },
    [learned(0.8)],
  ),
];

const RECURRENT: readonly NetworkSpec[] = [
  ...healthy(
    'simple-rnn',
    [1],
    {
      data: data('waves'),
      training: { ...initial, ...short },
      layers: [layer('simpleRNN', { units: 16 }), softmax(2)],
    },
    [learns(12, 0.9)],
  ),
  ...healthy(
    'trained-simple-rnn',
    [1, 2],
    { data: data('waves'), training: training(12, short), layers: [layer('simpleRNN', { units: 16 }), softmax(2)] },
    [learned(0.9)],
  ),
  ...healthy(
    'lstm',
    [1, 2],
    { data: data('waves'), training: { ...initial, ...short }, layers: [layer('lstm', { units: 12 }), softmax(2)] },
    [learns(12, 0.9)],
  ),
  ...healthy(
    'trained-lstm-stack',
    [1],
    {
      data: data('waves'),
      training: training(10, short),
      layers: [layer('lstm', { units: 12, returnSequences: true }), layer('lstm', { units: 12 }), softmax(2)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-gru',
    [1],
    {
      data: data('waves'),
      training: training(12, short),
      probe: 'unlabelled',
      layers: [layer('gru', { units: 12 }), softmax(2)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'masked-lstm',
    [1],
    {
      data: data('tokens'),
      training: training(12, short),
      layers: [
        layer('embedding', { inputDim: VOCABULARY, outputDim: 8, maskZero: true }),
        layer('lstm', { units: 10 }),
        sigmoidOutput,
      ],
    },
    [learned(0.8)],
  ),
  ...healthy(
    'embedding-pool',
    [1, 2],
    {
      data: data('tokens'),
      training: training(20, short),
      layers: [
        layer('embedding', { inputDim: VOCABULARY, outputDim: 8 }),
        layer('globalAveragePooling1d'),
        dense(16, 'relu', 'heUniform'),
        sigmoidOutput,
      ],
    },
    [learned(0.85)],
  ),
  ...healthy(
    'masked-gru',
    [1],
    {
      data: data('waves'),
      training: training(12, short),
      layers: [layer('masking', { maskValue: 0 }), layer('gru', { units: 12 }), softmax(2)],
    },
    [learned(0.9)],
  ),
];

export const HEALTHY_STRUCTURED: readonly NetworkSpec[] = [...CONVOLUTIONAL, ...RESIDUAL, ...RECURRENT];
