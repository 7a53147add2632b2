import type { NetworkSpec } from '../networkSpec';
import {
  constant,
  construction,
  conv,
  data,
  dense,
  doesNotLearn,
  initial,
  layer,
  networks,
  randomNormal,
  repeat,
  sigmoidOutput,
  softmax,
  training,
  varianceScaling,
} from './layers';

const sgd = training(0, { optimizer: 'sgd', learningRate: 0.05 });

const SATURATED: readonly NetworkSpec[] = [
  ...networks(
    'tanh-saturated-5x64',
    [1, 2],
    { data: data('clusters'), training: sgd, layers: [...repeat(5, dense(64, 'tanh', randomNormal(2))), softmax(4)] },
    {
      rules: ['saturated-activation'],
      cause: null,
      acceptable: ['poor-initialization', 'exploding-gradient', 'vanishing-gradient', 'exploding-signal'],
      evidence: [
        construction(
          'Pre-activations have a standard deviation of about 15; beyond 3 the derivative of tanh is below 0.01.',
        ),
      ],
    },
  ),
  ...networks(
    'sigmoid-saturated-3x64',
    [1],
    {
      data: data('clusters'),
      training: sgd,
      layers: [...repeat(3, dense(64, 'sigmoid', randomNormal(6))), softmax(4)],
    },
    {
      rules: ['saturated-activation'],
      cause: null,
      acceptable: [
        'poor-initialization',
        'exploding-gradient',
        'vanishing-gradient',
        'exploding-signal',
        'not-zero-centered',
      ],
      evidence: [
        construction(
          'Pre-activations have a standard deviation of about 30; beyond 6 the derivative of the sigmoid is below 0.0025.',
        ),
      ],
    },
  ),
  ...networks(
    'tanh-saturated-by-input',
    [1],
    {
      data: data('circles', { scale: 100 }),
      training: sgd,
      layers: [...repeat(2, dense(32, 'tanh', 'glorotUniform')), sigmoidOutput],
    },
    {
      rules: ['saturated-activation', 'unnormalized-input'],
      cause: null,
      acceptable: ['vanishing-gradient'],
      evidence: [construction('Inputs in the hundreds put the first tanh layer far beyond 3.')],
    },
  ),
];

const symmetric = {
  rules: ['symmetric-units'],
  cause: null,
  acceptable: [
    'low-rank',
    'poor-initialization',
    'vanishing-gradient',
    'exploding-gradient',
    'exploding-signal',
    'vanishing-signal',
    'dead-relu',
  ],
} as const;

const SYMMETRIC: readonly NetworkSpec[] = [
  ...networks(
    'constant-kernels-3x16',
    [1],
    { data: data('clusters'), training: initial, layers: [...repeat(3, dense(16, 'tanh', constant(0.1))), softmax(4)] },
    { ...symmetric, evidence: [construction('All units of a layer have the same weights, and so the same gradient.')] },
  ),
  ...networks(
    'constant-kernels-relu-2x32',
    [1],
    {
      data: data('circles'),
      training: initial,
      layers: [dense(32, 'relu', 'heUniform'), dense(32, 'relu', constant(0.05)), sigmoidOutput],
    },
    { ...symmetric, evidence: [construction('All units of dense_2 have the same weights.')] },
  ),
  ...networks(
    'zero-hidden-kernels-3x16',
    [1],
    {
      data: data('clusters'),
      training: initial,
      layers: [dense(16, 'tanh', 'glorotUniform'), dense(16, 'tanh', 'zeros'), dense(16, 'tanh', 'zeros'), softmax(4)],
    },
    {
      ...symmetric,
      evidence: [doesNotLearn(15, 0.6), construction('Two zero kernels in a row give each other no gradient.')],
    },
  ),
  ...networks(
    'constant-kernels-conv',
    [1],
    {
      data: data('stripes'),
      training: initial,
      layers: [conv(8, 'relu', constant(0.1)), conv(8, 'relu', 'heUniform'), layer('flatten'), softmax(3)],
    },
    { ...symmetric, evidence: [construction('All channels of conv2d_1 are the same.')] },
  ),
];

const unnormalized = {
  rules: ['unnormalized-input'],
  cause: null,
  acceptable: [
    'dead-relu',
    'saturated-activation',
    'exploding-gradient',
    'exploding-signal',
    'learning-rate-too-high',
    'not-zero-centered',
    'vanishing-gradient',
    'low-rank',
  ],
} as const;

const INPUTS: readonly NetworkSpec[] = [
  ...networks(
    'input-thousands',
    [1, 2],
    {
      data: data('clusters', { scale: 300, shift: 1000 }),
      training: sgd,
      layers: [...repeat(3, dense(32, 'relu', 'heUniform')), softmax(4)],
    },
    { ...unnormalized, evidence: [doesNotLearn(10, 0.6), construction('Features near 1000 with a spread of 300.')] },
  ),
  ...networks(
    'input-bytes',
    [1],
    {
      data: data('stripes', { scale: 255 }),
      training: { ...sgd, samples: 256 },
      layers: [...repeat(2, conv(8, 'relu', 'heUniform')), layer('flatten'), softmax(3)],
    },
    { ...unnormalized, evidence: [construction('Pixels of 0 to 255 where the network was made for 0 to 1.')] },
  ),
  ...networks(
    'input-waves-500',
    [1],
    {
      data: data('waves', { scale: 500 }),
      training: { ...sgd, samples: 256 },
      layers: [layer('simpleRNN', { units: 16 }), softmax(2)],
    },
    { ...unnormalized, evidence: [construction('Values in the hundreds.')] },
  ),
];

const mismatch = { rules: ['output-activation-mismatch'], cause: null } as const;

const OUTPUTS: readonly NetworkSpec[] = [
  ...networks(
    'relu-output-sine',
    [1, 2],
    {
      data: data('sine'),
      training: training(40),
      layers: [...repeat(2, dense(32, 'tanh', 'glorotUniform')), dense(1, 'relu', 'glorotUniform')],
    },
    {
      ...mismatch,
      acceptable: ['dead-relu'],
      evidence: [construction('Half of the targets are negative; a ReLU output never is.')],
    },
  ),
  ...networks(
    'sigmoid-output-sine',
    [1],
    {
      data: data('sine'),
      training: training(40),
      layers: [...repeat(2, dense(32, 'tanh', 'glorotUniform')), dense(1, 'sigmoid', 'glorotUniform')],
    },
    { ...mismatch, evidence: [construction('Half of the targets are negative; a sigmoid output never is.')] },
  ),
  ...networks(
    'sigmoid-outputs-categorical',
    [1],
    {
      data: data('clusters'),
      training: training(8),
      layers: [...repeat(2, dense(32, 'relu', 'heUniform')), dense(4, 'sigmoid', 'glorotUniform')],
    },
    { ...mismatch, evidence: [construction('Categorical cross-entropy wants probabilities that sum to 1.')] },
  ),
  ...networks(
    'relu-output-categorical',
    [1],
    {
      data: data('blobs'),
      training: initial,
      layers: [...repeat(2, dense(32, 'relu', 'heUniform')), dense(3, 'relu', 'heUniform')],
    },
    {
      ...mismatch,
      acceptable: ['dead-relu', 'non-finite'],
      evidence: [construction('Categorical cross-entropy wants probabilities; ReLU outputs are none.')],
    },
  ),
];

const LOW_RANK: readonly NetworkSpec[] = [
  ...networks(
    'rank-one-kernel-tanh',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      edits: [{ layer: 'dense_2', weight: 'kernel', edit: 'rank-one' }],
      layers: [...repeat(3, dense(64, 'tanh', varianceScaling(1))), softmax(4)],
    },
    {
      rules: ['low-rank'],
      cause: null,
      acceptable: ['poor-initialization', 'saturated-activation', 'exploding-signal', 'exploding-gradient'],
      evidence: [
        construction(
          'The kernel of dense_2 is an outer product: all of its 64 units see the input through one number.',
        ),
      ],
    },
  ),
  ...networks(
    'rank-one-kernel-relu',
    [1],
    {
      data: data('clusters'),
      training: initial,
      edits: [{ layer: 'dense_2', weight: 'kernel', edit: 'rank-one' }],
      layers: [...repeat(3, dense(64, 'relu', 'heUniform')), softmax(4)],
    },
    {
      rules: ['low-rank'],
      cause: null,
      acceptable: ['poor-initialization', 'dead-relu', 'exploding-signal', 'exploding-gradient'],
      evidence: [
        construction(
          'The kernel of dense_2 is an outer product: all of its 64 units see the input through one number.',
        ),
      ],
    },
  ),
];

export const OTHER_FAULTS: readonly NetworkSpec[] = [...SATURATED, ...SYMMETRIC, ...INPUTS, ...OUTPUTS, ...LOW_RANK];
