/** The states in which the panel is drawn and checked. */

import type { PanelState } from '../../../src/report/protocol';
import { reportOf, suggestion, type LayerSketch } from './reportBuilder';

const HE_CODE = {
  tfjs: "tf.layers.dense({\n  units: 128,\n  activation: 'relu',\n  kernelInitializer: 'heUniform',\n})",
  keras: "keras.layers.Dense(128, activation='relu', kernel_initializer='he_uniform')",
};
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

const sick = reportOf({
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

const healthy = reportOf({
  name: 'mnist-cnn',
  input: [28, 28, 1],
  output: [10],
  parameters: 343_114,
  data: 'test.csv',
  layers: cnn(false),
});

const stack = Array.from({ length: 50 }, (_, index): LayerSketch => {
  const last = index === 49;
  return {
    name: `dense_${index + 1}`,
    activation: last ? 'softmax' : 'sigmoid',
    units: last ? 10 : 64,
    role: last ? 'output' : 'hidden',
    mean: 0,
    spread: 0.52,
    variance: last ? 1e-12 : Math.max(1e-9, 0.01 * 0.5 ** index),
    gradient: last ? 0.039 : 0.021 * 0.237 ** (48 - index),
    share: 0.96,
    expectedGain: 0.056,
    kernel: { spread: 0.125, nominal: 0.125, initializer: 'GlorotUniform' },
  };
});
const sigmoid50 = reportOf({
  name: 'sigmoid-stack',
  input: [784],
  output: [10],
  parameters: 247_000,
  layers: stack,
  findings: [
    {
      rule: 'vanishing-gradient',
      severity: 'error',
      layer: 'dense_1',
      alsoIn: stack.slice(1, 43).map(({ name }) => name),
      title: 'gradient shrinks 9.8e29×',
      measured: ['The gradient is 0.17 per sample at dense_49 and 1.7e-31 at dense_1, 9.8e29× less.'],
      cause: {
        id: 'activation',
        title: 'The sigmoid activation',
        explanation:
          '49 of 49 hidden layers are sigmoid; their measured mean derivative is 0.24. A sigmoid’s derivative is at most 1/4; that bound leaves the weights out of account.',
      },
      why: 'Layers that get hardly any gradient do not learn: only the last ones train.',
      suggestions: [
        suggestion(
          'replace-saturating',
          'ReLU in place of sigmoid, with He initialisation',
          'The derivative of ReLU is 1 where it is active. Units can die; watch them.',
          HE_CODE,
          {
            quantity: 'gradient at dense_1, relative to dense_49',
            before: 1e-30,
            after: 0.62,
            how: 'Measured on a copy, freshly initialised, 8 seeds.',
          },
        ),
        suggestion(
          'batch-normalization',
          'Batch normalisation before the activation',
          'Keeps the input of each sigmoid near 0, where its slope is largest.',
          HE_CODE,
          {
            quantity: 'gradient at dense_1, relative to dense_49',
            before: 1e-30,
            after: 0.14,
            how: 'Measured on a copy, freshly initialised, 8 seeds.',
          },
        ),
      ],
    },
    {
      rule: 'vanishing-signal',
      severity: 'warning',
      layer: 'dense_30',
      alsoIn: stack.slice(30, 49).map(({ name }) => name),
      title: 'signal shrinks 1e7×',
      measured: ['The variance across samples is 0.01 at dense_1 and 1e-9 at dense_30.'],
      why: 'Layers behind this point cannot tell one sample from another, so they have nothing to learn from.',
    },
  ],
});

const deep = Array.from({ length: 200 }, (_, index): LayerSketch => {
  const last = index === 199;
  const conv = index < 120;
  return {
    name: last
      ? 'predictions'
      : conv
        ? `block_${Math.floor(index / 10) + 1}/conv_${index + 1}`
        : `dense_${index - 119}`,
    className: conv ? 'Conv2D' : 'Dense',
    activation: last ? 'softmax' : 'relu',
    units: last ? 10 : 16,
    role: last ? 'output' : 'hidden',
    outputShape: conv ? [8, 8, 16] : [last ? 10 : 16],
    dead: last ? {} : { confident: Math.floor(index / 60), suspected: index % 7 === 0 ? 1 : 0 },
    variance: last ? 0.1 : 0.5 * 0.89 ** index,
    gradient: (last ? 0.036 : 1.5e-3 * 1.014 ** index) / (conv ? 8 : 1),
    kernel: { spread: 0.22, nominal: 0.25, initializer: 'HeNormal' },
  };
});
const deep200 = reportOf({
  name: 'deep-relu',
  input: [32, 32, 3],
  output: [10],
  parameters: 1_312_000,
  layers: deep,
  findings: [
    {
      rule: 'vanishing-signal',
      severity: 'error',
      layer: 'dense_79',
      alsoIn: deep.slice(110, 198).map(({ name }) => name),
      title: 'signal shrinks 1.1e10×',
      measured: ['The variance across samples is 0.5 at block_1/conv_1 and 4.7e-11 at dense_79.'],
      why: 'Layers behind this point cannot tell one sample from another, so they have nothing to learn from.',
    },
    {
      rule: 'poor-initialization',
      severity: 'warning',
      layer: 'block_6/conv_60',
      alsoIn: deep.slice(60, 110).map(({ name }) => name),
      title: 'weights drawn 1.1× too small',
      measured: [
        'Over 51 layers the kernels are on average 1.1 times smaller than the initialisation that fits their activation.',
      ],
      why: 'A small loss in every layer multiplies up.',
    },
  ],
});

const HOSTILE = `<img src=x onerror="globalThis.harmed=1">`;
const LONG = `model/${'a_very_long_block_name/'.repeat(13)}dense`.slice(0, 300);
const hostile = reportOf({
  name: `</title><script>globalThis.harmed=1</script>${'x'.repeat(60)}`,
  path: `models/${HOSTILE}/${'deep/'.repeat(20)}model.json`,
  input: [null as unknown as number, 7],
  output: [1],
  parameters: 12,
  notes: [`The layer ${HOSTILE} names no initialiser.`, '</script><script>globalThis.harmed=1</script>'],
  layers: [
    { name: HOSTILE, activation: 'relu', units: 3, dead: { proved: 3 }, variance: 0, gradient: 0 },
    { name: LONG, className: `Custom${HOSTILE}`, activation: HOSTILE, units: 5000, variance: 1e-30, gradient: 1e30 },
    {
      name: '\u202egnp.esrever\u202c\n\ttabbed',
      activation: 'tanh',
      units: 4,
      variance: 1e30,
      gradient: 1e-30,
      nonFiniteUnits: 2,
    },
    {
      name: 'constructor',
      className: 'Lambda',
      role: 'opaque',
      units: null,
      variance: null,
      gradient: null,
      unknown: [`${HOSTILE} runs code of its own, which is not executed.`],
    },
    { name: '__proto__', activation: 'linear', units: 1, role: 'output' },
  ],
  findings: [
    {
      rule: 'dead-relu',
      severity: 'error',
      layer: HOSTILE,
      title: HOSTILE.slice(0, 34),
      measured: [`Of ${LONG} nothing is left: ${HOSTILE}.`],
      cause: { id: 'data', title: HOSTILE, explanation: LONG },
      why: HOSTILE,
      suggestions: [
        suggestion('x', HOSTILE.slice(0, 60), LONG, {
          tfjs: `// ${HOSTILE}\n${'x'.repeat(200)}`,
          keras: '# </pre><script>globalThis.harmed=1</script>',
        }),
      ],
    },
    {
      rule: 'non-finite',
      severity: 'error',
      layer: LONG,
      alsoIn: ['__proto__', 'constructor', 'no such layer'],
      title: '12 outputs not finite',
      measured: [],
      why: 'x',
    },
    {
      rule: 'symmetric-units',
      severity: 'warning',
      layer: 'no such layer',
      title: 'units are equal',
      measured: ['x'],
      why: 'x',
    },
  ],
});

/** Everything that can be null is null. */
const unmeasured = reportOf({
  name: 'graph-model',
  input: [16],
  output: [2],
  parameters: 4_096,
  noBackward: 'The model uses MaxPoolWithArgmax, for which no gradient is known; only the forward pass was measured.',
  notes: ['The weights are quantised to 8 bits.'],
  layers: [
    {
      name: 'gather',
      className: 'GatherV2',
      role: 'opaque',
      units: null,
      gradient: null,
      unknown: ['GatherV2 has no gradient.'],
    },
    { name: 'matmul_1', activation: 'relu', units: 2000, gradient: null, dead: { suspected: 3 } },
    { name: 'matmul_2', activation: 'linear', units: 2, role: 'output', gradient: null, variance: null },
  ],
});

const noLayers = reportOf({ name: 'empty', input: [1], output: [1], parameters: 0, layers: [] });

export const STATES: Readonly<Record<string, PanelState>> = {
  sick: { kind: 'report', report: sick, stale: false },
  sigmoid50: { kind: 'report', report: sigmoid50, stale: false },
  healthy: { kind: 'report', report: healthy, stale: false },
  deep200: { kind: 'report', report: deep200, stale: false },
  stale: { kind: 'report', report: sick, stale: true, ignored: ['not-zero-centered', 'low-rank'] },
  hostile: { kind: 'report', report: hostile, stale: false },
  unmeasured: { kind: 'report', report: unmeasured, stale: false },
  noLayers: { kind: 'report', report: noLayers, stale: false },
  running: {
    kind: 'running',
    model: 'mnist-cnn/model.json',
    progress: { stage: 'forward', done: 0.5, detail: '512 of 1,024 samples' },
    startedAt: Date.now() - 3_000,
  },
  problem: {
    kind: 'problem',
    model: 'models/mnist-cnn/model.json',
    problem: {
      code: 'missing-shard',
      message: 'A weight file that the model refers to is missing.',
      place: 'models/mnist-cnn/group1-shard2of3.bin, named at weightsManifest[0].paths[1]',
      remedy: 'Put the file beside model.json, or save the model again.',
    },
  },
  empty: { kind: 'empty' },
};
