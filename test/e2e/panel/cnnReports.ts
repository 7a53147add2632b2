/** A convolutional network: killed by its learning rate, and healthy. */

import { reportOf, suggestion, type LayerSketch } from './reportBuilder';
import { HE_CODE } from './sampleCode';

const RATE_CODE = {
  tfjs: "model.compile({ optimizer: tf.train.sgd(0.01), loss: 'categoricalCrossentropy' })",
  keras: "model.compile(optimizer=keras.optimizers.SGD(0.01), loss='categorical_crossentropy')",
};

const cnn = (sick: boolean): LayerSketch[] => {
  const kernel = (spread: number, nominal: number): NonNullable<LayerSketch['kernel']> => ({
    spread,
    nominal,
    initializer: 'HeNormal',
  });
  return [
    {
      name: 'conv2d_1',
      className: 'Conv2D',
      activation: 'relu',
      units: 16,
      outputShape: [26, 26, 16],
      dead: sick ? { confident: 1, suspected: 1 } : {},
      variance: 0.21,
      gradient: sick ? 4.3e-7 : 1.1e-4,
      kernel: kernel(0.46, 0.47),
      expectedGain: 1,
    },
    {
      name: 'conv2d_2',
      className: 'Conv2D',
      activation: 'relu',
      units: 32,
      outputShape: [11, 11, 32],
      dead: sick ? { suspected: 2 } : {},
      variance: 0.28,
      gradient: sick ? 2e-6 : 2.2e-4,
      kernel: kernel(0.12, 0.12),
      expectedGain: 1,
    },
    {
      name: 'flatten',
      className: 'Flatten',
      activation: null,
      units: null,
      outputShape: [3872],
      variance: 0.28,
      gradient: sick ? 2e-6 : 2.2e-4,
    },
    {
      name: 'dense_1',
      activation: 'relu',
      units: 256,
      dead: sick ? { proved: 1, confident: 2, suspected: 11, dormant: 4 } : { suspected: 1 },
      variance: 0.31,
      gradient: sick ? 2.6e-5 : 1e-3,
      kernel: kernel(0.047, 0.042),
      expectedGain: 1,
    },
    {
      name: 'dense_2',
      activation: 'relu',
      units: 128,
      dead: sick ? { proved: 41, confident: 41, suspected: 6, dormant: 3 } : {},
      mean: sick ? -0.7 : 0,
      variance: sick ? 0.0043 : 0.25,
      gradient: sick ? 5.7e-4 : 1.8e-3,
      kernel: kernel(sick ? 0.31 : 0.09, 0.088),
      expectedGain: 1,
    },
    {
      name: 'dense_3',
      activation: 'relu',
      units: 64,
      dead: { dormant: 2 },
      variance: sick ? 0.034 : 0.24,
      gradient: 2.7e-3,
      kernel: kernel(0.13, 0.13),
      expectedGain: 1,
    },
    {
      name: 'dense_4',
      activation: 'softmax',
      units: 10,
      role: 'output',
      variance: 0.081,
      gradient: 0.013,
      kernel: { spread: 0.17, nominal: 0.16, initializer: 'GlorotUniform' },
    },
  ];
};

export const sick = reportOf({
  name: 'mnist-cnn',
  input: [28, 28, 1],
  output: [10],
  parameters: 343_114,
  data: 'test.csv',
  layers: cnn(true),
  experiments: {
    samples: 256,
    fresh: {
      count: 20,
      layers: [
        { name: 'dense_1', silentUnits: 0.4, variance: 0.29, gradientRms: 9e-4 },
        { name: 'dense_2', silentUnits: 0, variance: 0.26, gradientRms: 1.7e-3 },
      ],
    },
    fitting: null,
    rectified: null,
    afterOneStep: null,
    learningRates: {
      optimizer: 'SGD',
      start: 'fresh',
      labels: 'random',
      configuredRate: 0.1,
      rates: [0.01, 0.03, 0.1].map((rate) => ({
        rate,
        newlySilentAfterOne: rate < 0.1 ? 0 : 19,
        newlySilentAfterFive: rate < 0.1 ? 0 : 24,
        lossBefore: 2.3,
        lossAfterFive: 2.1,
      })),
      unitsAtRisk: 464,
      highestSafeRate: 0.03,
    },
    unknown: ['Copies with other activations were not made: the model has none that saturate.'],
  },
  findings: [
    {
      rule: 'dead-relu',
      severity: 'error',
      layer: 'dense_2',
      title: '82 of 128 units dead',
      confidence: { grade: 'high', text: 'at least 95% confidence' },
      measured: [
        '82 of 128 units never fired in 1,024 samples.',
        '41 are proved dead: no input in the probed range can make them fire.',
        'With 95% confidence, each of the other 41 fires on fewer than 0.7% of inputs.',
      ],
      cause: {
        id: 'killed-in-training',
        title: 'Killed in training',
        explanation:
          'In 20 fresh copies of the network 0 of these 128 units are silent on average. Five steps at the saved learning rate 0.1 silence 19 units of a copy; up to 0.03 none.',
      },
      why: 'A dead unit outputs 0 and gets no gradient: the layer works with 46 units, and training does not bring the others back.',
      suggestions: [
        suggestion(
          'lower-learning-rate',
          'Lower the learning rate from 0.1 to 0.01',
          'At 0.1 one step pushes biases so low that units never fire again. The network has to be trained anew; what is dead stays dead.',
          RATE_CODE,
          {
            quantity: 'dead units in dense_2, percent',
            before: 64,
            after: 7,
            how: 'Measured on a copy: 200 training steps, probe data, seed 42.',
          },
        ),
        suggestion(
          'he-initialization',
          'He uniform initialisation',
          'Keeps the variance of the signal through ReLU layers. In tfjs heNormal is truncated and too small; heUniform is not.',
          HE_CODE,
          {
            quantity: 'dead units in dense_2, percent',
            before: 64,
            after: 22,
            how: 'Measured on a copy: 200 training steps, probe data, seed 42.',
          },
        ),
        suggestion(
          'leaky-relu',
          'Leaky ReLU in dense_2',
          'A small slope below 0 lets gradient through, so no unit can die. There is no proof that it is always better.',
          { tfjs: 'tf.layers.leakyReLU({ alpha: 0.1 })', keras: null },
        ),
      ],
    },
    {
      rule: 'vanishing-gradient',
      severity: 'warning',
      layer: 'conv2d_1',
      alsoIn: ['conv2d_2'],
      title: 'gradient shrinks 480×',
      measured: [
        'The gradient is 0.022 per sample at dense_3 and 4.5e-5 at conv2d_1, 480× less.',
        'The largest loss in one step is 16×, from dense_2 to dense_1.',
      ],
      cause: {
        id: 'dead-units-upstream',
        title: 'dense_2 is dead',
        explanation:
          'With its dead units masked out in a copy, the loss across the network is 7×, which is normal at this depth.',
      },
      why: 'Layers that get hardly any gradient do not learn: only the last ones train.',
      suggestions: [
        suggestion(
          'he-initialization',
          'He uniform initialisation',
          'Mends dense_2, where most of the gradient is lost.',
          HE_CODE,
          {
            quantity: 'gradient at conv2d_1, relative to dense_3',
            before: 0.0011,
            after: 0.24,
            how: 'Measured on a copy, freshly initialised, 8 seeds.',
          },
        ),
      ],
    },
    {
      rule: 'learning-rate-too-high',
      severity: 'warning',
      layer: null,
      title: 'learning rate 0.1 kills units',
      measured: ['In a fresh copy, one SGD step at 0.1 silences 19 units of dense_2. Up to 0.03 it silences none.'],
      cause: {
        id: 'learning-rate',
        title: 'Step too large for the weights',
        explanation: 'The update ratio of dense_2 is 0.21; about 0.001 is healthy.',
      },
      why: 'One large step can push a bias so low that the unit never fires again.',
      suggestions: [
        suggestion(
          'lower-learning-rate',
          'Lower the learning rate from 0.1 to 0.01',
          'Up to 0.03 no unit dies.',
          RATE_CODE,
        ),
      ],
    },
    {
      rule: 'unnormalized-input',
      severity: 'information',
      layer: 'input_1',
      title: 'not centred: mean 0.13',
      measured: ['Values run from 0 to 1 with mean 0.13 and standard deviation 0.31. 64 of 784 are always 0.'],
      why: 'All-positive inputs make the weights of a unit move in the same direction, which slows training a little.',
    },
  ],
});

export const healthy = reportOf({
  name: 'mnist-cnn',
  input: [28, 28, 1],
  output: [10],
  parameters: 343_114,
  data: 'test.csv',
  layers: cnn(false),
});
