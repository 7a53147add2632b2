import type { NetworkSpec } from '../networkSpec';
import {
  constant,
  data,
  dense,
  healthy,
  layer,
  learned,
  linearOutput,
  randomNormal,
  repeat,
  sigmoidOutput,
  softmax,
  training,
} from './layers';

/** Dense networks that were trained to a good score. */
export const HEALTHY_TRAINED: readonly NetworkSpec[] = [
  ...healthy(
    'trained-relu-3x64',
    [1, 2],
    {
      data: data('spirals'),
      training: training(40),
      layers: [...repeat(3, dense(64, 'relu', 'heUniform')), softmax(2)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-relu-10x32',
    [1],
    {
      data: data('clusters'),
      training: training(15),
      layers: [...repeat(10, dense(32, 'relu', 'heUniform')), softmax(4)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-relu-sgd-4x32',
    [1, 2],
    {
      data: data('clusters'),
      training: training(20, { optimizer: 'sgd', learningRate: 0.05 }),
      layers: [...repeat(4, dense(32, 'relu', 'heUniform')), softmax(4)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-tanh-4x32',
    [1, 2],
    {
      data: data('circles'),
      training: training(25),
      layers: [...repeat(4, dense(32, 'tanh', 'glorotUniform')), sigmoidOutput],
    },
    [learned(0.95)],
  ),
  ...healthy(
    'trained-sigmoid-2x32',
    [1, 2],
    {
      data: data('circles'),
      training: training(60, { learningRate: 0.02 }),
      layers: [...repeat(2, dense(32, 'sigmoid', 'glorotUniform')), sigmoidOutput],
    },
    [learned(0.95)],
  ),
  ...healthy(
    'trained-confident-softmax',
    [1],
    {
      data: data('clusters'),
      training: training(120),
      layers: [...repeat(2, dense(64, 'relu', 'heUniform')), softmax(4)],
    },
    [learned(0.95)],
  ),
  ...healthy(
    'trained-confident-sigmoid',
    [1],
    {
      data: data('circles'),
      training: training(120),
      probe: 'synthetic',
      layers: [...repeat(3, dense(32, 'relu', 'heUniform')), sigmoidOutput],
    },
    [learned(0.97)],
  ),
  ...healthy(
    'trained-to-minimum-sine',
    [1, 2],
    {
      data: data('sine'),
      training: training(150),
      layers: [...repeat(2, dense(32, 'tanh', 'glorotUniform')), linearOutput],
    },
    [learned(0.98)],
  ),
  // Its targets lie between -1 and 1, which the diagnosis is not told.
  ...healthy(
    'tanh-output-sine',
    [1, 2],
    {
      data: data('sine'),
      training: training(80),
      probe: 'unlabelled',
      layers: [...repeat(2, dense(32, 'elu', 'heUniform')), dense(1, 'tanh', 'glorotUniform')],
    },
    [learned(0.95)],
  ),
  ...healthy(
    'trained-leaky-sine',
    [1],
    {
      data: data('sine'),
      training: training(80),
      layers: [...repeat(2, dense(32, 'linear', 'heUniform'), layer('leakyReLU', { alpha: 0.2 })), linearOutput],
    },
    [learned(0.95)],
  ),
  ...healthy(
    'trained-batch-norm-4x32',
    [1, 2],
    {
      data: data('clusters'),
      training: training(12),
      layers: [
        ...repeat(
          4,
          dense(32, 'linear', 'heUniform'),
          layer('batchNormalization'),
          layer('activation', { activation: 'relu' }),
        ),
        softmax(4),
      ],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-selu-8x32',
    [1, 2],
    {
      data: data('clusters'),
      training: training(10),
      layers: [...repeat(8, dense(32, 'selu', 'leCunNormal')), softmax(4)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-elu-dropout-3x32',
    [1],
    {
      data: data('clusters'),
      training: training(15, { optimizer: 'rmsprop' }),
      layers: [...repeat(3, dense(32, 'elu', 'heUniform'), layer('dropout', { rate: 0.2 })), softmax(4)],
    },
    [learned(0.9)],
  ),
  // Biases of -1 keep most entries at 0 while every unit still fires now and then: sparse is not dead.
  ...healthy(
    'sparse-bias-2x64',
    [1, 2],
    {
      data: data('clusters'),
      training: training(8),
      layers: [...repeat(2, dense(64, 'relu', randomNormal(0.35), { biasInitializer: constant(-1) })), softmax(4)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'tiny-relu-3x5',
    [1],
    {
      data: data('blobs'),
      training: training(40, { learningRate: 0.01 }),
      layers: [...repeat(3, dense(5, 'relu', 'heUniform')), softmax(3)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'tiny-relu-2x6',
    [1, 2],
    {
      data: data('blobs'),
      training: training(40, { learningRate: 0.01 }),
      layers: [...repeat(2, dense(6, 'relu', 'heUniform')), softmax(3)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'tiny-tanh-2x5',
    [1],
    {
      data: data('circles'),
      training: training(80, { learningRate: 0.02 }),
      layers: [...repeat(2, dense(5, 'tanh', 'glorotUniform')), sigmoidOutput],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-layer-norm-4x32',
    [1],
    {
      data: data('clusters'),
      training: training(12),
      layers: [...repeat(4, dense(32, 'relu', 'heUniform'), layer('layerNormalization')), softmax(4)],
    },
    [learned(0.9)],
  ),
  ...healthy(
    'trained-weights-only-3x32',
    [1],
    {
      data: data('clusters'),
      training: training(15, { saved: false }),
      probe: 'synthetic',
      layers: [...repeat(3, dense(32, 'relu', 'heUniform')), softmax(4)],
    },
    [learned(0.9)],
  ),
];
