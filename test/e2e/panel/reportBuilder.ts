/** Reports as the analysis would write them, made up from a few numbers per layer; seeded, so that pictures compare. */

import type {
  DeadUnits,
  Experiments,
  Finding,
  LayerReport,
  Report,
  RuleId,
  Severity,
  Statistics,
  Suggestion,
  WeightReport,
} from '../../../src/report/report';

const SAMPLES = 1024;
const BINS = 32;

/** Park and Miller's minimal standard generator. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

export interface LayerSketch {
  readonly name: string;
  readonly className?: string;
  readonly activation?: string | null;
  /** Null for layers without units. */
  readonly units: number | null;
  readonly outputShape?: readonly number[];
  readonly role?: LayerReport['role'];
  readonly inputs?: readonly string[];
  /** Numbers of units in each grade. */
  readonly dead?: Partial<Record<'proved' | 'confident' | 'suspected' | 'dormant', number>>;
  readonly nonFiniteUnits?: number;
  readonly mean?: number;
  readonly spread?: number;
  readonly variance?: number | null;
  readonly gradient?: number | null;
  readonly share?: number | null;
  readonly kernel?: { readonly spread: number; readonly nominal: number | null; readonly initializer: string };
  readonly expectedGain?: number | null;
  readonly unknown?: readonly string[];
}

const PHI: Readonly<Record<string, (z: number) => number>> = {
  relu: (z) => Math.max(0, z),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
};

function statistics(values: readonly number[], units: number | null, nonFinite: number): Statistics {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const [minimum, maximum] = [Math.min(...values), Math.max(...values)];
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) {
    const bin = maximum === minimum ? 0 : Math.floor(((value - minimum) / (maximum - minimum)) * BINS);
    counts[Math.min(BINS - 1, bin)]++;
  }
  const share = (test: (value: number) => boolean): number => values.filter(test).length / values.length;
  const perUnit = (fill: number): number[] => new Array<number>(units ?? 0).fill(fill);
  return {
    count: values.length * 64,
    nonFinite,
    mean,
    standardDeviation: Math.sqrt(variance),
    minimum,
    maximum,
    zeroShare: share((value) => value === 0),
    positiveShare: share((value) => value > 0),
    histogram: { minimum, maximum, counts },
    perUnit:
      units === null
        ? null
        : {
            activeSamples: perUnit(SAMPLES / 2),
            mean: perUnit(mean),
            standardDeviation: perUnit(Math.sqrt(variance)),
            minimum: perUnit(minimum),
            maximum: perUnit(maximum),
            zeroShare: perUnit(0),
            nonFinite: perUnit(0).map((_, unit) => (unit < nonFinite ? 3 : 0)),
          },
  };
}

function grades(sketch: LayerSketch, next: () => number): DeadUnits | null {
  if (sketch.units === null || sketch.activation !== 'relu') return null;
  const order = Array.from({ length: sketch.units }, (_, unit) => unit);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const take = (count = 0): number[] => order.splice(0, count).sort((a, b) => a - b);
  const confident = take(sketch.dead?.confident);
  return {
    proved: take(sketch.dead?.proved),
    confident,
    suspected: take(sketch.dead?.suspected),
    dormant: take(sketch.dead?.dormant),
    activeAtMost: confident.length === 0 ? null : Math.log(confident.length / 0.05) / SAMPLES,
  };
}

export function layerOf(sketch: LayerSketch, index: number, before: string): LayerReport {
  const next = random(7919 * (index + 1));
  const normal = (): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  const { units, activation = null, className = 'Dense' } = sketch;
  const outputShape = sketch.outputShape ?? [units ?? 1];
  const dead = grades(sketch, next);
  const deadShare = dead === null ? 0 : (dead.proved.length + dead.confident.length) / units!;
  const z = Array.from({ length: 2000 }, () =>
    next() < deadShare ? -3 + normal() / 2 : (sketch.mean ?? 0) + (sketch.spread ?? 1) * normal(),
  );
  const known = sketch.role !== 'opaque';
  const phi = PHI[activation ?? ''] ?? ((value: number) => value);
  const maximum = activation === 'sigmoid' ? 0.25 : 1;
  const share = sketch.share === undefined ? (activation === 'relu' ? 0.5 * (1 - deadShare) : 0.9) : sketch.share;
  const weights: WeightReport[] =
    sketch.kernel === undefined
      ? []
      : [
          weight('kernel', sketch.kernel.spread, sketch.kernel.nominal, sketch.kernel.initializer),
          weight('bias', 0.1, null, 'Zeros'),
        ];
  const rms = sketch.gradient === undefined ? 0.01 : sketch.gradient;
  return {
    name: sketch.name,
    className,
    inputs: sketch.inputs ?? [before],
    activation,
    units,
    outputShape,
    parameters: units === null ? 0 : units * 65,
    trainable: units !== null,
    role: sketch.role ?? 'hidden',
    jsonPath: ['modelTopology', 'model_config', 'config', 'layers', index],
    silentUnits: dead === null ? [] : [...dead.proved, ...dead.confident].sort((a, b) => a - b),
    dead,
    output: known ? statistics(z.map(phi), units, sketch.nonFiniteUnits ?? 0) : null,
    preActivation: known && activation !== null && activation !== 'linear' ? statistics(z, units, 0) : null,
    derivative:
      share === null || !Object.hasOwn(PHI, activation ?? '') ? null : { mean: share * maximum, maximum, share },
    signal: known
      ? {
          variance: sketch.variance === undefined ? 0.3 : sketch.variance,
          meanSquare: 0.4,
          effectiveRank: units === null ? null : units * 0.6,
          maximumRank: units,
          expectedGain: sketch.expectedGain ?? null,
        }
      : null,
    gradient:
      rms === null
        ? null
        : {
            outputRms: rms,
            preActivationRms: rms / 2,
            nonFinite: 0,
            weights: weights.map(({ name }) => ({ name, rms: rms / 10, norm: rms, ratio: rms / 3 })),
            loss: null,
          },
    weights,
    recurrence: null,
    unknown: sketch.unknown ?? [],
  };
}

function weight(name: string, spread: number, nominal: number | null, initializer: string): WeightReport {
  return {
    name,
    shape: [64, 64],
    trainable: true,
    mean: name === 'bias' ? -0.11 : 0,
    standardDeviation: spread,
    minimum: -3 * spread,
    maximum: 3 * spread,
    norm: 64 * spread,
    nonFinite: 0,
    zeroShare: 0,
    initializer: { className: initializer, config: {} },
    nominalStandardDeviation: nominal,
    fanIn: 64,
    fanOut: 64,
  };
}

export interface FindingSketch {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly layer: string | null;
  readonly alsoIn?: readonly string[];
  readonly title: string;
  readonly confidence?: Finding['confidence'];
  readonly measured: readonly string[];
  readonly cause?: Finding['cause'];
  readonly why: string;
  readonly suggestions?: readonly Suggestion[];
  readonly evidence?: Finding['evidence'];
}

export const findingOf = (sketch: FindingSketch): Finding => ({
  alsoIn: [],
  confidence: { grade: 'high', text: 'over 1,024 samples' },
  cause: null,
  suggestions: [],
  evidence: {},
  ...sketch,
  message: `${sketch.title}. ${sketch.why}`,
  documentation: `docs/rules.md#${sketch.rule}`,
});

export function suggestion(
  fix: string,
  title: string,
  rationale: string,
  code: Suggestion['code'],
  effect: Suggestion['effect'] = null,
): Suggestion {
  return { fix, title, rationale, code, effect };
}

const NO_EXPERIMENTS: Experiments = {
  samples: 0,
  fresh: null,
  fitting: null,
  rectified: null,
  afterOneStep: null,
  learningRates: null,
  unknown: [],
};

export interface ReportSketch {
  readonly name: string;
  readonly layers: readonly LayerSketch[];
  readonly findings?: readonly FindingSketch[];
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly parameters: number;
  readonly data?: string;
  readonly path?: string;
  readonly notes?: readonly string[];
  readonly learningRate?: number;
  /** Why there is no backward pass. */
  readonly noBackward?: string;
  readonly experiments?: Experiments;
}

export function reportOf(sketch: ReportSketch): Report {
  const layers = sketch.layers.map((layer, index) =>
    layerOf(layer, index, sketch.layers[index - 1]?.name ?? 'input_1'),
  );
  const noBackward = sketch.noBackward ?? null;
  return {
    schemaVersion: 1,
    tool: { name: 'activation-diagnostics', version: '0.1.0' },
    model: {
      file: {
        path: sketch.path ?? `models/${sketch.name}/model.json`,
        format: 'tfjs-layers',
        generatedBy: 'TensorFlow.js tfjs-layers v4.22.0',
        convertedBy: null,
        notes: sketch.notes ?? [],
      },
      name: sketch.name,
      className: 'Sequential',
      parameters: sketch.parameters,
      inputs: [{ name: 'input_1', shape: [null, ...sketch.input], dtype: 'float32' }],
      outputs: [{ name: 'output', shape: [null, ...sketch.output], dtype: 'float32' }],
      training: { optimizer: 'SGD', learningRate: sketch.learningRate ?? 0.1, losses: ['categorical_crossentropy'] },
    },
    probe: {
      samples: SAMPLES,
      seed: 42,
      inputs: [
        {
          name: 'input_1',
          shape: sketch.input,
          source: sketch.data === undefined ? 'uniform' : 'data',
          file: sketch.data ?? null,
          minimum: 0,
          maximum: 1,
          mean: 0.13,
          standardDeviation: 0.31,
        },
      ],
      labels: false,
      labelRanges: null,
      backward: {
        source: noBackward === null ? 'random-cotangent' : 'none',
        samples: noBackward === null ? 256 : 0,
        loss: null,
        unknown: noBackward,
      },
      ended: 'settled',
      limits: [
        'A unit that fires on fewer than 0.3% of inputs would look dead in 1,024 samples. Probe more to look closer.',
      ],
    },
    layers,
    experiments: sketch.experiments ?? NO_EXPERIMENTS,
    findings: (sketch.findings ?? []).map(findingOf),
    run: {
      startedAt: '2025-03-14T14:05:00.000Z',
      milliseconds: 2412,
      stages: [
        { stage: 'load', milliseconds: 210 },
        { stage: 'forward', milliseconds: 1240 },
        { stage: 'backward', milliseconds: 962 },
      ],
    },
  };
}
