/** The shape of a report, checked: reports that come from a file, and in tests those that the analysis makes. */

import * as v from 'valibot';
import { DiagnosisError } from './errors';
import { SCHEMA_VERSION, type Report } from './report';

const finite = v.pipe(v.number(), v.finite());
const measured = v.nullable(finite);
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const shape = v.array(count);
const sentences = v.array(v.string());
const name = v.string();

export const RuleIdSchema = v.picklist([
  'dead-relu',
  'vanishing-gradient',
  'exploding-gradient',
  'vanishing-signal',
  'exploding-signal',
  'saturated-activation',
  'non-finite',
  'poor-initialization',
  'symmetric-units',
  'not-zero-centered',
  'unnormalized-input',
  'output-activation-mismatch',
  'learning-rate-too-high',
  'low-rank',
]);

const TensorSpecSchema = v.strictObject({ name, shape: v.array(v.nullable(count)), dtype: v.string() });

const ModelSchema = v.strictObject({
  file: v.strictObject({
    path: v.string(),
    format: v.picklist(['tfjs-layers', 'tfjs-graph', 'keras-hdf5', 'keras-v3']),
    generatedBy: v.nullable(v.string()),
    convertedBy: v.nullable(v.string()),
    notes: sentences,
  }),
  name,
  className: v.string(),
  parameters: count,
  inputs: v.array(TensorSpecSchema),
  outputs: v.array(TensorSpecSchema),
  training: v.nullable(
    v.strictObject({
      optimizer: v.nullable(v.string()),
      learningRate: measured,
      losses: v.array(v.nullable(v.string())),
    }),
  ),
});

const ProbeSchema = v.strictObject({
  samples: count,
  seed: finite,
  inputs: v.array(
    v.strictObject({
      name,
      shape,
      source: v.picklist(['uniform', 'normal', 'integers', 'data']),
      file: v.nullable(v.string()),
      minimum: measured,
      maximum: measured,
      mean: measured,
      standardDeviation: measured,
    }),
  ),
  labels: v.boolean(),
  labelRanges: v.nullable(v.array(v.strictObject({ minimum: measured, maximum: measured }))),
  backward: v.strictObject({
    source: v.picklist(['random-cotangent', 'none']),
    samples: count,
    loss: v.nullable(v.strictObject({ name, value: measured })),
    unknown: v.nullable(v.string()),
  }),
  ended: v.picklist(['settled', 'data', 'budget', 'fixed']),
  limits: sentences,
});

/**
 * `v.array(item)` for lists of thousands of numbers, which are most of a report: valibot looks at each item, which takes
 * many times as long as the test, only where the list is not `right`.
 */
function list<T extends number | null>(item: v.GenericSchema<T>, right: (item: unknown) => boolean) {
  const asItIs = v.custom<T[]>(() => true);
  const array = v.array(item);
  return v.lazy((value: unknown) => (Array.isArray(value) && value.every(right) ? asItIs : array));
}

const counts = list(count, (item) => Number.isSafeInteger(item) && (item as number) >= 0);
const shares = list(share, (item) => Number.isFinite(item) && (item as number) >= 0 && (item as number) <= 1);
const measurements = list(measured, (item) => item === null || Number.isFinite(item));

const StatisticsSchema = v.strictObject({
  count,
  nonFinite: count,
  mean: measured,
  standardDeviation: measured,
  minimum: measured,
  maximum: measured,
  zeroShare: share,
  positiveShare: share,
  histogram: v.nullable(v.strictObject({ minimum: finite, maximum: finite, counts })),
  perUnit: v.nullable(
    v.strictObject({
      activeSamples: counts,
      mean: measurements,
      standardDeviation: measurements,
      minimum: measurements,
      maximum: measurements,
      zeroShare: shares,
      nonFinite: counts,
    }),
  ),
});

const WeightGradientSchema = v.strictObject({ name, rms: measured, norm: measured, ratio: measured });

const WeightSchema = v.strictObject({
  name,
  shape,
  trainable: v.boolean(),
  mean: measured,
  standardDeviation: measured,
  minimum: measured,
  maximum: measured,
  norm: measured,
  nonFinite: count,
  zeroShare: share,
  initializer: v.nullable(v.strictObject({ className: v.string(), config: v.record(v.string(), v.unknown()) })),
  nominalStandardDeviation: measured,
  fanIn: measured,
  fanOut: measured,
});

const LayerSchema = v.strictObject({
  name,
  className: v.string(),
  inputs: v.array(name),
  activation: v.nullable(v.string()),
  units: v.nullable(count),
  outputShape: shape,
  parameters: count,
  trainable: v.boolean(),
  role: v.picklist(['input', 'hidden', 'output', 'opaque']),
  jsonPath: v.nullable(v.array(v.union([v.string(), count]))),
  silentUnits: v.array(count),
  dead: v.nullable(
    v.strictObject({
      proved: v.array(count),
      confident: v.array(count),
      suspected: v.array(count),
      dormant: v.array(count),
      activeAtMost: v.nullable(share),
    }),
  ),
  output: v.nullable(StatisticsSchema),
  preActivation: v.nullable(StatisticsSchema),
  derivative: v.nullable(v.strictObject({ mean: finite, maximum: finite, share: finite })),
  signal: v.nullable(
    v.strictObject({
      variance: measured,
      meanSquare: measured,
      effectiveRank: measured,
      maximumRank: measured,
      expectedGain: measured,
    }),
  ),
  gradient: v.nullable(
    v.strictObject({
      outputRms: measured,
      preActivationRms: measured,
      nonFinite: count,
      weights: v.array(WeightGradientSchema),
      loss: v.nullable(v.strictObject({ outputRms: measured, weights: v.array(WeightGradientSchema) })),
    }),
  ),
  weights: v.array(WeightSchema),
  recurrence: v.nullable(
    v.strictObject({
      steps: count,
      state: v.nullable(v.strictObject({ first: finite, last: finite })),
      gradient: v.nullable(v.strictObject({ log10Change: measured, perStep: finite })),
    }),
  ),
  unknown: sentences,
});

const CopiesSchema = v.strictObject({
  count,
  layers: v.array(v.strictObject({ name, silentUnits: finite, variance: measured, gradientRms: measured })),
});

const ExperimentsSchema = v.strictObject({
  samples: count,
  fresh: v.nullable(CopiesSchema),
  fitting: v.nullable(CopiesSchema),
  rectified: v.nullable(CopiesSchema),
  afterOneStep: v.nullable(CopiesSchema),
  learningRates: v.nullable(
    v.strictObject({
      optimizer: v.string(),
      start: v.picklist(['fresh', 'saved']),
      labels: v.picklist(['given', 'random']),
      configuredRate: measured,
      rates: v.array(
        v.strictObject({
          rate: finite,
          newlySilentAfterOne: finite,
          newlySilentAfterFive: finite,
          lossBefore: measured,
          lossAfterFive: measured,
        }),
      ),
      unitsAtRisk: finite,
      highestSafeRate: measured,
    }),
  ),
  unknown: sentences,
});

const FindingSchema = v.strictObject({
  rule: RuleIdSchema,
  severity: v.picklist(['error', 'warning', 'information']),
  layer: v.nullable(name),
  alsoIn: v.array(name),
  title: v.string(),
  message: v.string(),
  confidence: v.strictObject({ grade: v.picklist(['proved', 'high', 'moderate', 'low']), text: v.string() }),
  measured: sentences,
  cause: v.nullable(
    v.strictObject({
      id: v.picklist([
        'born-dead',
        'killed-in-training',
        'learning-rate',
        'bias-drift',
        'activation',
        'initialization',
        'depth',
        'input-scale',
        'dead-units-upstream',
        'weights',
        'data',
      ]),
      title: v.string(),
      explanation: v.string(),
    }),
  ),
  why: v.string(),
  evidence: v.record(
    v.string(),
    v.union([finite, v.string(), v.boolean(), v.null(), v.array(v.union([finite, v.string()]))]),
  ),
  suggestions: v.array(
    v.strictObject({
      fix: v.string(),
      title: v.string(),
      rationale: v.string(),
      code: v.strictObject({ tfjs: v.nullable(v.string()), keras: v.nullable(v.string()) }),
      effect: v.nullable(v.strictObject({ quantity: v.string(), before: finite, after: finite, how: v.string() })),
    }),
  ),
  documentation: v.string(),
});

export const ReportSchema = v.strictObject({
  schemaVersion: v.literal(SCHEMA_VERSION),
  tool: v.strictObject({ name: v.string(), version: v.string() }),
  model: ModelSchema,
  probe: ProbeSchema,
  layers: v.array(LayerSchema),
  experiments: ExperimentsSchema,
  findings: v.array(FindingSchema),
  run: v.strictObject({
    startedAt: v.pipe(v.string(), v.isoTimestamp()),
    milliseconds: finite,
    stages: v.array(
      v.strictObject({
        stage: v.picklist(['load', 'probe', 'forward', 'backward', 'judge', 'experiment']),
        milliseconds: finite,
      }),
    ),
  }),
});

/**
 * `value` as a report, its properties in the order of the schema. Throws `unsupported-format` for a report of another
 * schema version and `invalid-data`, naming the first wrong property, for everything else that is not a report.
 */
export function checkReport(value: unknown): Report {
  const result = v.safeParse(ReportSchema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const place = v.getDotPath(issue);
  if (place === 'schemaVersion' && typeof issue.input === 'number') {
    throw new DiagnosisError(
      'unsupported-format',
      `The report has schema version ${issue.input}; this version of Activation Diagnostics reads ${SCHEMA_VERSION}.`,
      place,
      'Diagnose the model again.',
    );
  }
  throw new DiagnosisError('invalid-data', `This is no report: ${issue.message}.`, place, 'Diagnose the model again.');
}
