import type { Finding, LayerReport, Report } from '../../../src/report/report';

/** A layer with everything measured. */
export function layer(name: string, changes: Partial<LayerReport> = {}): LayerReport {
  const statistics = {
    count: 16384,
    nonFinite: 0,
    mean: 0.5,
    standardDeviation: 0.75,
    minimum: 0,
    maximum: 4.5,
    zeroShare: 0.5,
    positiveShare: 0.5,
    histogram: { minimum: 0, maximum: 4.5, counts: [16000, 384] },
    perUnit: null,
  };
  return {
    name,
    className: 'Dense',
    inputs: ['input'],
    activation: 'relu',
    units: 32,
    outputShape: [32],
    parameters: 2080,
    trainable: true,
    role: 'hidden',
    jsonPath: ['modelTopology', 'config', 'layers', 1],
    silentUnits: [],
    dead: { proved: [], confident: [], suspected: [], dormant: [], activeAtMost: null },
    output: statistics,
    preActivation: statistics,
    derivative: { mean: 0.5, maximum: 1, share: 0.5 },
    signal: { variance: 0.8, meanSquare: 1.5, effectiveRank: 20, maximumRank: 32, expectedGain: 1 },
    gradient: {
      outputRms: 0.02,
      preActivationRms: 0.015,
      nonFinite: 0,
      weights: [{ name: 'kernel', rms: 0.01, norm: 0.4, ratio: 0.05 }],
      loss: null,
    },
    weights: [
      {
        name: 'kernel',
        shape: [64, 32],
        trainable: true,
        mean: 0,
        standardDeviation: 0.18,
        minimum: -0.5,
        maximum: 0.5,
        norm: 8,
        nonFinite: 0,
        zeroShare: 0,
        initializer: { className: 'VarianceScaling', config: { scale: 2, mode: 'fan_in', seed: null } },
        nominalStandardDeviation: 0.177,
        fanIn: 64,
        fanOut: 32,
      },
    ],
    recurrence: null,
    unknown: [],
    ...changes,
  };
}

export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    rule: 'dead-relu',
    severity: 'error',
    layer: 'hidden_2',
    alsoIn: [],
    title: '24 of 32 units dead',
    message: 'hidden_2: 24 of 32 units never fired in 512 samples.',
    confidence: { grade: 'high', text: 'at least 95% confidence' },
    measured: ['24 of 32 units never fired in 512 samples.'],
    cause: {
      id: 'killed-in-training',
      title: 'Killed in training',
      explanation: 'Fresh copies of the network have 0 dead units here.',
    },
    why: 'A dead unit outputs 0 and gets no gradient, and training does not bring it back.',
    evidence: { dead: 24, units: 32, activeAtMost: null, layers: ['hidden_2', 1] },
    suggestions: [
      {
        fix: 'lower-learning-rate',
        title: 'Lower the learning rate to 0.2',
        rationale: 'The model was trained with 1.5.',
        code: {
          tfjs: 'model.compile({ optimizer: tf.train.sgd(0.2), loss })',
          keras: 'model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.2), loss=loss)',
        },
        effect: null,
      },
      {
        fix: 'leaky-relu',
        title: 'Use Leaky ReLU',
        rationale: 'It has a slope on both sides.',
        code: { tfjs: null, keras: 'layers.LeakyReLU()' },
        effect: { quantity: 'dead units', before: 24, after: 0, how: 'Measured on a copy.' },
      },
    ],
    documentation: 'docs/rules.md#dead-relu',
    ...changes,
  };
}

/** A small network with one dead layer. */
export function report(changes: Partial<Report> = {}): Report {
  return {
    schemaVersion: 1,
    tool: { name: 'Activation Diagnostics', version: '1.2.3' },
    model: {
      file: {
        path: 'models/classifier/model.json',
        format: 'tfjs-layers',
        generatedBy: 'TensorFlow.js tfjs-layers v4.22.0',
        convertedBy: null,
        notes: [],
      },
      name: 'classifier',
      className: 'Sequential',
      parameters: 2788,
      inputs: [{ name: 'input', shape: [null, 8], dtype: 'float32' }],
      outputs: [{ name: 'output', shape: [null, 4], dtype: 'float32' }],
      training: { optimizer: 'SGD', learningRate: 1.5, losses: ['categorical_crossentropy'] },
    },
    probe: {
      samples: 512,
      seed: 0,
      inputs: [
        {
          name: 'input',
          shape: [8],
          source: 'normal',
          file: null,
          minimum: -3.5,
          maximum: 3.5,
          mean: 0.001,
          standardDeviation: 1,
        },
      ],
      labels: false,
      labelRanges: null,
      backward: { source: 'random-cotangent', samples: 128, loss: null, unknown: null },
      ended: 'settled',
      limits: ['The inputs are synthetic: real data may activate other units.'],
    },
    layers: [
      layer('hidden_1', { units: 64, outputShape: [64] }),
      layer('hidden_2', {
        silentUnits: Array.from({ length: 24 }, (_, i) => i),
        dead: {
          proved: [0, 1],
          confident: Array.from({ length: 22 }, (_, i) => i + 2),
          suspected: [30],
          dormant: [],
          activeAtMost: 0.012,
        },
      }),
      layer('output', { role: 'output', activation: 'softmax', units: 4, dead: null, derivative: null }),
    ],
    experiments: {
      samples: 256,
      fresh: { count: 5, layers: [{ name: 'hidden_2', silentUnits: 0.2, variance: 1, gradientRms: 0.02 }] },
      fitting: null,
      rectified: null,
      afterOneStep: null,
      learningRates: {
        optimizer: 'sgd',
        start: 'fresh',
        labels: 'random',
        configuredRate: 1.5,
        rates: [
          { rate: 0.2, newlySilentAfterOne: 0, newlySilentAfterFive: 0, lossBefore: 1.4, lossAfterFive: 1.3 },
          { rate: 1.5, newlySilentAfterOne: 3, newlySilentAfterFive: 21, lossBefore: 1.4, lossAfterFive: null },
        ],
        unitsAtRisk: 96,
        highestSafeRate: 0.2,
      },
      unknown: [],
    },
    findings: [finding()],
    run: {
      startedAt: '2026-11-24T03:00:00.000Z',
      milliseconds: 480,
      stages: [{ stage: 'load', milliseconds: 12 }],
    },
    ...changes,
  };
}

export const healthyReport = (): Report => report({ findings: [], layers: [layer('hidden_1'), layer('hidden_2')] });
