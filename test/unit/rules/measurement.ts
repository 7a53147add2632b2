import type { Measurement } from '../../../src/analysis/rules/rule';
import { NO_EXPERIMENTS } from '../../../src/analysis/experiment/experiment';
import type { LayerReport, ProbeInput, Statistics, WeightReport } from '../../../src/report/report';

const SAMPLES = 256;

export function statistics(over: Partial<Statistics> = {}): Statistics {
  return {
    count: 1000,
    nonFinite: 0,
    mean: 0.4,
    standardDeviation: 0.6,
    minimum: 0,
    maximum: 3,
    zeroShare: 0.5,
    positiveShare: 0.5,
    histogram: null,
    perUnit: null,
    ...over,
  };
}

export function weight(over: Partial<WeightReport> = {}): WeightReport {
  return {
    name: 'kernel',
    shape: [50, 50],
    trainable: true,
    mean: 0,
    standardDeviation: 0.2,
    minimum: -0.5,
    maximum: 0.5,
    norm: 10,
    nonFinite: 0,
    zeroShare: 0,
    initializer: null,
    nominalStandardDeviation: null,
    fanIn: 50,
    fanOut: 50,
    ...over,
  };
}

export const bias = (over: Partial<WeightReport> = {}): WeightReport =>
  weight({ name: 'bias', shape: [50], fanIn: null, fanOut: null, standardDeviation: 0, mean: 0, ...over });

/** A healthy hidden ReLU layer of 50 units, changed by `over`. */
export function layer(name: string, over: Partial<LayerReport> = {}): LayerReport {
  return {
    name,
    className: 'Dense',
    inputs: [],
    activation: 'relu',
    units: 50,
    outputShape: [50],
    parameters: 2550,
    trainable: true,
    role: 'hidden',
    jsonPath: null,
    silentUnits: [],
    dead: { proved: [], confident: [], suspected: [], dormant: [], activeAtMost: null },
    output: statistics(),
    preActivation: statistics({ minimum: -3, mean: 0, standardDeviation: 1 }),
    derivative: { mean: 0.5, maximum: 1, share: 0.5 },
    signal: { variance: 0.5, meanSquare: 1, effectiveRank: 20, maximumRank: 50, expectedGain: 1 },
    gradient: { outputRms: 0.3, preActivationRms: 0.2, nonFinite: 0, weights: [], loss: null },
    weights: [weight(), bias()],
    recurrence: null,
    unknown: [],
    ...over,
  };
}

export function deadLayer(
  name: string,
  dead: Partial<NonNullable<LayerReport['dead']>>,
  over: Partial<LayerReport> = {},
) {
  const grades = { proved: [], confident: [], suspected: [], dormant: [], activeAtMost: null, ...dead };
  // Training has moved it: it may have been killed.
  const weights = [weight(), bias({ standardDeviation: 0.1 })];
  return layer(name, { weights, dead: grades, silentUnits: [...grades.proved, ...grades.confident], ...over });
}

export const units = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Each layer feeds the next; the last one named "output" is a softmax head. */
export function measurement(
  layers: readonly LayerReport[],
  over: Partial<Measurement> = {},
  input: Partial<ProbeInput> = {},
): Measurement {
  const chained = layers.map((one, index) =>
    one.inputs.length > 0 ? one : { ...one, inputs: [index === 0 ? 'input' : layers[index - 1].name] },
  );
  return {
    model: {
      file: { path: 'model.json', format: 'tfjs-layers', generatedBy: null, convertedBy: null, notes: [] },
      name: 'model',
      className: 'Sequential',
      parameters: 1,
      inputs: [],
      outputs: [],
      training: null,
    },
    probe: {
      samples: SAMPLES,
      seed: 0,
      inputs: [
        {
          name: 'input',
          shape: [8],
          source: 'data',
          file: 'x.npy',
          minimum: -3,
          maximum: 3,
          mean: 0,
          standardDeviation: 1,
          ...input,
        },
      ],
      labels: false,
      labelRanges: null,
      backward: { source: 'random-cotangent', samples: SAMPLES, loss: null, unknown: null },
      ended: 'settled',
      limits: [],
    },
    layers: chained,
    experiments: NO_EXPERIMENTS,
    ...over,
  };
}
