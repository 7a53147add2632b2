import type { NetworkSpec } from '../networkSpec';
import {
  data,
  dense,
  healthy,
  initial,
  layer,
  learns,
  networks,
  repeat,
  sigmoidOutput,
  softmax,
  varianceScaling,
} from './layers';

const noBias = { useBias: false };

/**
 * Networks that are born with many silent units, or shrink the signal, and learn all the same. None is asked to be alive: a
 * warning of dead units is true of those where a tenth is silent.
 */
const STAND_IT: readonly NetworkSpec[] = [
  ['he-narrow-8x16', [301, 302, 303, 304, 305], 8, 16, 'heUniform', 40] as const,
  ['narrow-he-6x8', [301, 302, 303, 304, 305], 6, 8, 'heUniform', 40] as const,
  ['glorot-normal-10x64', [301, 302, 303, 304], 10, 64, 'glorotNormal', 15] as const,
  ['glorot-normal-12x64', [301, 302], 12, 64, 'glorotNormal', 15] as const,
].flatMap(([name, seeds, depth, width, initializer, epochs]) =>
  networks(
    name,
    seeds,
    {
      data: data('circles'),
      training: initial,
      layers: [...repeat(depth, dense(width, 'relu', initializer)), sigmoidOutput],
    },
    { rules: [], cause: null, evidence: [learns(epochs, 0.9)] },
  ),
);

/** Dense networks with their initial weights, which training shows to be good ones. */
const INITIAL: readonly NetworkSpec[] = [
  ...healthy(
    'relu-he-3x32',
    [1, 2],
    { data: data('blobs'), training: initial, layers: [...repeat(3, dense(32, 'relu', 'heUniform')), softmax(3)] },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'relu-he-10x64',
    [1, 2],
    { data: data('clusters'), training: initial, layers: [...repeat(10, dense(64, 'relu', 'heUniform')), softmax(4)] },
    [learns(10, 0.9)],
  ),
  // tfjs's heNormal has 0.777 of its nominal variance: eight layers stand it.
  ...healthy(
    'relu-he-normal-8x64',
    [1, 2],
    { data: data('clusters'), training: initial, layers: [...repeat(8, dense(64, 'relu', 'heNormal')), softmax(4)] },
    [learns(10, 0.9)],
  ),
  // Homogeneous and free of biases: the gradients of all kernels are tied together.
  ...healthy(
    'relu-he-no-bias-20x128',
    [1],
    {
      data: data('clusters'),
      training: initial,
      layers: [...repeat(20, dense(128, 'relu', 'heUniform', noBias)), softmax(4)],
    },
    [learns(10, 0.8)],
  ),
  ...healthy(
    'relu-he-no-bias-12x64',
    [1],
    {
      data: data('clusters'),
      training: initial,
      probe: 'synthetic',
      layers: [...repeat(12, dense(64, 'relu', 'heUniform', noBias)), softmax(4)],
    },
    [learns(10, 0.8)],
  ),
  ...healthy(
    'relu-he-3x512',
    [1],
    { data: data('clusters'), training: initial, layers: [...repeat(3, dense(512, 'relu', 'heUniform')), softmax(4)] },
    [learns(3, 0.9)],
  ),
  ...healthy(
    'tanh-glorot-5x32',
    [1],
    {
      data: data('circles'),
      training: initial,
      layers: [...repeat(5, dense(32, 'tanh', 'glorotUniform')), sigmoidOutput],
    },
    [learns(20, 0.9)],
  ),
  ...healthy(
    'tanh-glorot-10x64',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      probe: 'unlabelled',
      layers: [...repeat(10, dense(64, 'tanh', 'glorotUniform')), softmax(4)],
    },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'sigmoid-glorot-2x16',
    [1, 2],
    {
      data: data('blobs'),
      training: initial,
      layers: [...repeat(2, dense(16, 'sigmoid', 'glorotUniform')), softmax(3)],
    },
    [learns(30, 0.9)],
  ),
  ...healthy(
    'selu-lecun-12x64',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      layers: [...repeat(12, dense(64, 'selu', 'leCunNormal')), softmax(4)],
    },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'elu-he-8x32',
    [1],
    { data: data('clusters'), training: initial, layers: [...repeat(8, dense(32, 'elu', 'heUniform')), softmax(4)] },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'leaky-he-10x64',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      layers: [...repeat(10, dense(64, 'linear', 'heUniform'), layer('leakyReLU', { alpha: 0.1 })), softmax(4)],
    },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'gelu-he-6x64',
    [1],
    { data: data('clusters'), training: initial, layers: [...repeat(6, dense(64, 'gelu', 'heUniform')), softmax(4)] },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'swish-he-5x32',
    [1],
    { data: data('clusters'), training: initial, layers: [...repeat(5, dense(32, 'swish', 'heUniform')), softmax(4)] },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'zero-output-layer-4x32',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      layers: [...repeat(4, dense(32, 'relu', 'heUniform')), dense(4, 'softmax', 'zeros')],
    },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'zero-output-layer-tanh-3x32',
    [1],
    {
      data: data('sine'),
      training: initial,
      probe: 'synthetic',
      layers: [...repeat(3, dense(32, 'tanh', 'glorotUniform')), dense(1, 'linear', 'zeros')],
    },
    [learns(30, 0.9)],
  ),
  ...healthy(
    'constant-features-4x32',
    [1],
    {
      data: data('clusters', { constantFeatures: 4 }),
      training: initial,
      layers: [...repeat(4, dense(32, 'relu', 'heUniform')), softmax(4)],
    },
    [learns(10, 0.8)],
  ),
  ...healthy(
    'dropout-4x64',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      layers: [...repeat(4, dense(64, 'relu', 'heUniform'), layer('dropout', { rate: 0.3 })), softmax(4)],
    },
    [learns(15, 0.9)],
  ),
  ...healthy(
    'noise-3x32',
    [1],
    {
      data: data('clusters'),
      training: initial,
      layers: [layer('gaussianNoise', { stddev: 0.1 }), ...repeat(3, dense(32, 'relu', 'heUniform')), softmax(4)],
    },
    [learns(10, 0.9)],
  ),
  ...healthy(
    'batch-norm-15x32',
    [1],
    {
      data: data('clusters'),
      training: initial,
      layers: [
        ...repeat(
          15,
          dense(32, 'linear', 'heUniform', noBias),
          layer('batchNormalization', { momentum: 0.9 }),
          layer('activation', { activation: 'relu' }),
        ),
        softmax(4),
      ],
    },
    [learns(10, 0.8)],
  ),
];

/** Five tanh units a layer, from the AUTOTRAINER and DeepDiagnosis studies, where they are the healthy ones. */
const STUDIES: readonly NetworkSpec[] = [
  ...healthy(
    'study-circle-mi-7',
    [1, 2],
    {
      data: data('circles'),
      training: initial,
      layers: [...repeat(5, dense(5, 'tanh', varianceScaling(2))), dense(1, 'sigmoid', varianceScaling(1))],
    },
    [learns(80, 0.85, 0.02)],
  ),
  ...healthy(
    'study-circle-al-13',
    [1, 2],
    {
      data: data('circles'),
      training: initial,
      layers: [...repeat(11, dense(5, 'tanh', varianceScaling(2))), dense(1, 'sigmoid', varianceScaling(2))],
    },
    [learns(80, 0.8, 0.01)],
  ),
  ...healthy(
    'study-circle-simplednn',
    [1, 2],
    {
      data: data('circles'),
      training: initial,
      layers: [...repeat(5, dense(5, 'tanh', varianceScaling(2))), dense(1, 'sigmoid', varianceScaling(2))],
    },
    [learns(80, 0.85, 0.02)],
  ),
];

export const HEALTHY_INITIAL: readonly NetworkSpec[] = [...INITIAL, ...STAND_IT, ...STUDIES];
