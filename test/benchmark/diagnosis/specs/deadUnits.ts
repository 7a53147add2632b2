import type { NetworkSpec } from '../networkSpec';
import {
  constant,
  conv,
  data,
  dense,
  doesNotLearn,
  initial,
  layer,
  learns,
  networks,
  randomNormal,
  repeat,
  sigmoidOutput,
  softmax,
  training,
  varianceScaling,
} from './layers';

const born = (share: number) => [
  { kind: 'silent', share } as const,
  { kind: 'initially-silent', most: null, least: share } as const,
];
const killed = (share: number) => [
  { kind: 'silent', share } as const,
  { kind: 'initially-silent', most: 0.15, least: null } as const,
];
const bornDead = { rules: ['dead-relu'], cause: 'born-dead' } as const;
const killedInTraining = { rules: ['dead-relu'], cause: 'killed-in-training' } as const;
/** A network with dead layers passes little signal and gradient on. */
const consequences = ['vanishing-gradient', 'vanishing-signal', 'low-rank', 'poor-initialization'] as const;
/** The rate that killed units has made weights large, too. */
const ruins = [...consequences, 'learning-rate-too-high', 'exploding-signal', 'exploding-gradient'] as const;

const BORN_DEAD: readonly NetworkSpec[] = [
  ...networks(
    'bias-drowned-3x64',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      layers: [...repeat(3, dense(64, 'relu', 'heUniform', { biasInitializer: constant(-4) })), softmax(4)],
    },
    { ...bornDead, acceptable: consequences, evidence: born(0.5) },
  ),
  ...networks(
    'bias-16-one-layer',
    [1],
    {
      data: data('clusters'),
      training: initial,
      layers: [
        dense(64, 'relu', 'heUniform'),
        dense(64, 'relu', 'heUniform', { biasInitializer: constant(-16) }),
        softmax(4),
      ],
    },
    { ...bornDead, acceptable: consequences, evidence: born(0.9) },
  ),
  // Outputs of a ReLU layer are >= 0, so a kernel with a negative mean silences the next one.
  ...networks(
    'negative-kernels-4x48',
    [1, 2],
    {
      data: data('clusters'),
      training: initial,
      layers: [dense(48, 'relu', 'heUniform'), ...repeat(3, dense(48, 'relu', randomNormal(0.12, -0.12))), softmax(4)],
    },
    { ...bornDead, acceptable: consequences, evidence: born(0.4) },
  ),
  ...networks(
    'narrow-25x4',
    [1, 3],
    { data: data('circles'), training: initial, layers: [...repeat(25, dense(4, 'relu', 'heUniform')), sigmoidOutput] },
    { ...bornDead, acceptable: consequences, evidence: born(1) },
  ),
  ...networks(
    'narrow-12x6-blobs',
    [203, 211],
    {
      data: data('blobs'),
      training: initial,
      layers: [...repeat(12, dense(6, 'relu', 'heNormal')), softmax(3)],
    },
    { ...bornDead, acceptable: consequences, evidence: born(1) },
  ),
  ...networks(
    'bias-drowned-middle',
    [201, 202],
    {
      data: data('clusters'),
      training: initial,
      layers: [
        dense(64, 'relu', 'heNormal'),
        dense(32, 'relu', 'heNormal', { biasInitializer: constant(-10) }),
        dense(64, 'relu', 'heNormal'),
        softmax(4),
      ],
    },
    { ...bornDead, acceptable: consequences, evidence: born(0.5) },
  ),
  // Three epochs do not wake what was born dead.
  ...networks(
    'bias-drowned-trained-3x64',
    [201, 202],
    {
      data: data('clusters'),
      training: training(3),
      layers: [...repeat(3, dense(64, 'relu', 'heUniform', { biasInitializer: constant(-4) })), softmax(4)],
    },
    { ...bornDead, acceptable: consequences, evidence: born(0.5) },
  ),
  ...networks(
    'negative-kernels-conv',
    [201, 202],
    {
      data: data('stripes'),
      training: initial,
      layers: [conv(8, 'relu', 'heUniform'), conv(16, 'relu', randomNormal(0.1, -0.1)), layer('flatten'), softmax(3)],
    },
    { ...bornDead, acceptable: consequences, evidence: born(0.5) },
  ),
  ...networks(
    'bias-drowned-sine-2x32',
    [201, 202],
    {
      data: data('sine'),
      training: initial,
      layers: [
        ...repeat(2, dense(32, 'relu', 'heUniform', { biasInitializer: constant(-2) })),
        dense(1, 'linear', 'glorotUniform'),
      ],
    },
    { ...bornDead, acceptable: consequences, evidence: born(0.5) },
  ),
  ...networks(
    'conv-bias-drowned',
    [1],
    {
      data: data('stripes'),
      training: initial,
      layers: [
        conv(12, 'relu', 'heUniform'),
        conv(12, 'relu', 'heUniform', { biasInitializer: constant(-6) }),
        layer('flatten'),
        softmax(3),
      ],
    },
    { ...bornDead, acceptable: consequences, evidence: born(0.5) },
  ),
  // The study's label: a whole layer silent in about a fifth of the seeds. These seeds are among them; the others mostly learn.
  ...networks(
    'study-circle-46edb7df',
    [13, 16, 25, 28, 31, 45],
    {
      data: data('circles'),
      training: initial,
      layers: [...repeat(15, dense(5, 'relu', varianceScaling(2))), dense(1, 'sigmoid', varianceScaling(2))],
    },
    { ...bornDead, acceptable: consequences, evidence: born(1) },
  ),
];

const hot = (learningRate: number, epochs = 3) => training(epochs, { optimizer: 'sgd', learningRate });
const adamHot = (learningRate: number, epochs = 4) => training(epochs, { learningRate });

const KILLED: readonly NetworkSpec[] = [
  ...networks(
    'killed-sgd-3x64',
    [1, 2],
    { data: data('clusters'), training: hot(4), layers: [...repeat(3, dense(64, 'relu', 'heUniform')), softmax(4)] },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-sgd-blobs-2x48',
    [4, 5],
    { data: data('blobs'), training: hot(20, 6), layers: [...repeat(2, dense(48, 'relu', 'heUniform')), softmax(3)] },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-adam-3x48',
    [1, 2],
    {
      data: data('clusters'),
      training: adamHot(0.3),
      layers: [...repeat(3, dense(48, 'relu', 'heUniform')), softmax(4)],
    },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-adam-blobs-3x40',
    [201],
    {
      data: data('blobs'),
      training: training(5, { learningRate: 0.4 }),
      layers: [...repeat(3, dense(40, 'relu', 'heNormal')), softmax(3)],
    },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-rmsprop-3x40',
    [201, 202],
    {
      data: data('clusters'),
      training: training(4, { optimizer: 'rmsprop', learningRate: 0.2 }),
      layers: [...repeat(3, dense(40, 'relu', 'glorotUniform')), softmax(4)],
    },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-unlabelled-2x128',
    [1],
    {
      data: data('clusters'),
      training: adamHot(1),
      probe: 'unlabelled',
      layers: [...repeat(2, dense(128, 'relu', 'heUniform')), softmax(4)],
    },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-synthetic-3x64',
    [1],
    {
      data: data('clusters'),
      training: adamHot(0.6),
      probe: 'synthetic',
      layers: [...repeat(3, dense(64, 'relu', 'heUniform')), softmax(4)],
    },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-conv',
    [2, 4],
    {
      data: data('stripes'),
      training: training(4, { learningRate: 0.6, samples: 256 }),
      layers: [
        conv(12, 'relu', 'heUniform'),
        conv(12, 'relu', 'heUniform'),
        layer('maxPooling2d', { poolSize: 2 }),
        layer('flatten'),
        softmax(3),
      ],
    },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-circles-3x32',
    [1],
    {
      data: data('circles'),
      training: adamHot(0.5),
      layers: [...repeat(3, dense(32, 'relu', 'heUniform')), sigmoidOutput],
    },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
  ...networks(
    'killed-residual',
    [3, 5],
    {
      data: data('clusters'),
      training: adamHot(3, 8),
      layers: [
        dense(32, 'relu', 'heUniform'),
        { residual: [dense(32, 'relu', 'heUniform'), dense(32, 'linear', 'heUniform')] },
        dense(32, 'relu', 'heUniform'),
        softmax(4),
      ],
    },
    { ...killedInTraining, acceptable: ruins, evidence: killed(0.25) },
  ),
];

/** Initial weights that are fine, saved with a rate that ruins them. */
const RATE: readonly NetworkSpec[] = [
  ...networks(
    'rate-sgd-100',
    [1, 2],
    {
      data: data('clusters'),
      training: training(0, { optimizer: 'sgd', learningRate: 100 }),
      layers: [...repeat(3, dense(32, 'relu', 'heUniform')), softmax(4)],
    },
    {
      rules: ['learning-rate-too-high'],
      cause: 'learning-rate',
      evidence: [doesNotLearn(10, 0.6), learns(15, 0.9, 0.05)],
    },
  ),
  ...networks(
    'rate-sgd-sine-10',
    [1],
    {
      data: data('sine'),
      training: training(0, { optimizer: 'sgd', learningRate: 10 }),
      layers: [...repeat(3, dense(32, 'relu', 'heUniform')), dense(1, 'linear', 'glorotUniform')],
    },
    {
      rules: ['learning-rate-too-high'],
      cause: 'learning-rate',
      evidence: [doesNotLearn(10, 0.1), learns(60, 0.8, 0.02)],
    },
  ),
  ...networks(
    'rate-adam-1',
    [1, 2],
    {
      data: data('clusters'),
      training: training(0, { learningRate: 1 }),
      layers: [...repeat(4, dense(32, 'relu', 'heUniform')), softmax(4)],
    },
    {
      rules: ['learning-rate-too-high'],
      cause: 'learning-rate',
      evidence: [doesNotLearn(10, 0.6), learns(15, 0.9, 0.003)],
    },
  ),
  ...networks(
    'rate-adam-conv-1',
    [1],
    {
      data: data('stripes'),
      training: training(0, { learningRate: 1, samples: 256 }),
      layers: [...repeat(2, conv(8, 'relu', 'heUniform')), layer('flatten'), softmax(3)],
    },
    {
      rules: ['learning-rate-too-high'],
      cause: 'learning-rate',
      evidence: [doesNotLearn(6, 0.6), learns(8, 0.9, 0.01)],
    },
  ),
];

export const DEAD_UNITS: readonly NetworkSpec[] = [...BORN_DEAD, ...KILLED, ...RATE];
