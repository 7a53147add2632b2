/**
 * The report: the one plain-data value that every surface of the project shows.
 *
 * Conventions: numbers that could not be measured are `null` (never 0, never NaN), and the reason stands in a
 * neighbouring `unknown` text. Indices are zero-based. Fields are added within `schemaVersion` 1, never changed.
 * docs/report.md documents every field; schema.ts checks them.
 */

export const SCHEMA_VERSION = 1;

export type RuleId =
  | 'dead-relu'
  | 'vanishing-gradient'
  | 'exploding-gradient'
  | 'vanishing-signal'
  | 'exploding-signal'
  | 'saturated-activation'
  | 'non-finite'
  | 'poor-initialization'
  | 'symmetric-units'
  | 'not-zero-centered'
  | 'unnormalized-input'
  | 'output-activation-mismatch'
  | 'learning-rate-too-high'
  | 'low-rank';

export type Severity = 'error' | 'warning' | 'information';

/** A path into the JSON of the model file, outermost key first: `['modelTopology', 'model_config', 'config', 0]`. */
export type JsonPath = readonly (string | number)[];

export interface Report {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly tool: { readonly name: string; readonly version: string };
  readonly model: ModelSummary;
  readonly probe: ProbeSummary;
  /** One entry per layer call, in execution order; a shared layer has one entry for each time it is called. */
  readonly layers: readonly LayerReport[];
  /** What was found out on copies of the network, to tell causes apart. */
  readonly experiments: Experiments;
  /** Worst first. */
  readonly findings: readonly Finding[];
  /** The only part that differs between two runs with the same model, data and seed. */
  readonly run: RunSummary;
}

export interface RunSummary {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly milliseconds: number;
  readonly stages: readonly { readonly stage: Stage; readonly milliseconds: number }[];
}

export type Stage = 'load' | 'probe' | 'forward' | 'backward' | 'judge' | 'experiment';

export type ModelFormat = 'tfjs-layers' | 'tfjs-graph' | 'keras-hdf5' | 'keras-v3';

export interface ModelSummary {
  /** Everything that depends on how the model was stored; two files of the same network differ only here. */
  readonly file: {
    /** As the user named it. */
    readonly path: string;
    readonly format: ModelFormat;
    readonly generatedBy: string | null;
    readonly convertedBy: string | null;
    /** What the loader had to repair or assume, one sentence each. */
    readonly notes: readonly string[];
  };
  readonly name: string;
  readonly className: string;
  /** Number of weights (scalars), trainable or not. */
  readonly parameters: number;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly training: TrainingConfig | null;
}

export interface TensorSpec {
  readonly name: string;
  /** `null` where the dimension is free; the first is the batch. */
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

/** The training configuration saved with the model, with the losses of the user's choice in place of its own, if any. */
export interface TrainingConfig {
  readonly optimizer: string | null;
  readonly learningRate: number | null;
  /**
   * One per output, as identifiers of Keras (`categoricalCrossentropy` is written `categorical_crossentropy`); a Huber loss
   * with another delta than 1 is `huber(2.5)`.
   */
  readonly losses: readonly (string | null)[];
}

export interface ProbeSummary {
  /** Number of samples that the statistics were taken over. */
  readonly samples: number;
  readonly seed: number;
  readonly inputs: readonly ProbeInput[];
  /** Whether labels were given, and so the model's own loss could be measured. */
  readonly labels: boolean;
  /** Lowest and highest value of the labels, per output, class indices made one-hot; null without labels. */
  readonly labelRanges: readonly LabelRange[] | null;
  /** What was back-propagated: a random unit-variance vector on the logits, and the model's loss where labels are given. */
  readonly backward: {
    readonly source: 'random-cotangent' | 'none';
    /** Number of samples that were back-propagated; large networks use fewer than for the forward statistics. */
    readonly samples: number;
    /** Value of the model's loss on the probe; null without labels. */
    readonly loss: { readonly name: string; readonly value: number | null } | null;
    /** Why there is no backward pass, when there is none. */
    readonly unknown: string | null;
  };
  /** How the adaptive probe ended: the silent set no longer changed, the data ended, or the budget did; 'fixed' if a number was asked for. */
  readonly ended: 'settled' | 'data' | 'budget' | 'fixed';
  /** What this probe cannot show, one sentence each. */
  readonly limits: readonly string[];
}

export interface LabelRange {
  readonly minimum: number | null;
  readonly maximum: number | null;
}

export interface ProbeInput {
  readonly name: string;
  /** Shape of one sample. */
  readonly shape: readonly number[];
  readonly source: 'uniform' | 'normal' | 'integers' | 'data';
  /** The file's name when the data are the user's. */
  readonly file: string | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
}

export interface LayerReport {
  /** Unique. Nested as `outer/inner`; the second and later calls of a shared layer end in `#2`, `#3`, … */
  readonly name: string;
  readonly className: string;
  /** Names of the entries in `layers` whose outputs this call consumes; model inputs appear by their own names. */
  readonly inputs: readonly string[];
  /** Canonical name (`relu`, `leaky_relu`, …) of the activation that this layer applies, `linear` for none, null where the layer has no such notion (Flatten, pooling, …). */
  readonly activation: string | null;
  /** Size of the last axis of the output for layers that have units (dense units, convolution channels, recurrent units); null otherwise. */
  readonly units: number | null;
  /** Shape of the output for one sample. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
  readonly trainable: boolean;
  /** What the layer is to the network. Output layers and normalisations are judged apart. */
  readonly role: 'input' | 'hidden' | 'output' | 'opaque';
  /**
   * Where the layer is configured in the model's JSON; for files that are not JSON, in the `model.json` that the
   * converter to TensorFlow.js makes of them. Null where it is text within JSON.
   */
  readonly jsonPath: JsonPath | null;
  /** Units (indices on the last axis) whose output was 0 on every sample and position. Empty for layers without units. */
  readonly silentUnits: readonly number[];
  /** The grades of dead, dormant and suspected units; null where the activation cannot die. */
  readonly dead: DeadUnits | null;
  /** After the activation. */
  readonly output: Statistics | null;
  /** Before the activation; null where the layer has none or its pre-activation cannot be seen. */
  readonly preActivation: Statistics | null;
  /** How much of the best possible derivative back-propagation multiplies by; null where the derivative is not known. */
  readonly derivative: { readonly mean: number; readonly maximum: number; readonly share: number } | null;
  readonly signal: Signal | null;
  readonly gradient: Gradient | null;
  readonly weights: readonly WeightReport[];
  /** Within a recurrent layer, from step to step; null for other layers, sequences with a mask, and where nothing is back-propagated. */
  readonly recurrence: Recurrence | null;
  /** Why something above is null although the layer has it, one sentence each. */
  readonly unknown: readonly string[];
}

/** Lists of unit indices; a unit stands in at most one of them. Together they contain every silent unit. */
export interface DeadUnits {
  /** No input in the input box can activate the unit (interval bound propagation). */
  readonly proved: readonly number[];
  /** Never active on the probe. */
  readonly confident: readonly number[];
  /** Active on some, but fewer than 1 % of the samples. */
  readonly suspected: readonly number[];
  /** Alive, but with a mean activation at most 0.025 of the layer's (Sokar et al. 2023). */
  readonly dormant: readonly number[];
  /** With 95 % confidence no `confident` unit of the layer is active on more than this share of inputs (corrected for their number); null if there is none. */
  readonly activeAtMost: number | null;
}

/** Statistics over samples and positions. Non-finite values are counted and otherwise left out. */
export interface Statistics {
  /** Number of values seen, finite or not. */
  readonly count: number;
  readonly nonFinite: number;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** Share of the values that are exactly 0. */
  readonly zeroShare: number;
  /** Share of the values that are above 0. */
  readonly positiveShare: number;
  /** Equal-width bins from `minimum` to `maximum`; null when nothing finite was seen. */
  readonly histogram: { readonly minimum: number; readonly maximum: number; readonly counts: readonly number[] } | null;
  /** The same per unit (last axis); null where the layer has no units. */
  readonly perUnit: UnitStatistics | null;
}

/** Parallel arrays, one entry per unit. */
export interface UnitStatistics {
  /** Number of samples in which the unit was above 0 at least at one position. */
  readonly activeSamples: readonly number[];
  readonly mean: readonly (number | null)[];
  readonly standardDeviation: readonly (number | null)[];
  readonly minimum: readonly (number | null)[];
  readonly maximum: readonly (number | null)[];
  readonly zeroShare: readonly number[];
  readonly nonFinite: readonly number[];
}

export interface Signal {
  /** Variance of the output across samples, per position and unit, averaged: `mean_j Var_i[a_ij]`. */
  readonly variance: number | null;
  /** `E[a^2]`. */
  readonly meanSquare: number | null;
  /** exp of the entropy of the normalised singular values of the centred outputs; null when not measured. */
  readonly effectiveRank: number | null;
  /** The largest value that effectiveRank could take: min(samples - 1, features). */
  readonly maximumRank: number | null;
  /** The factor by which theory expects this layer to change the variance of the gradient (chi, mean field); null where there is none. */
  readonly expectedGain: number | null;
}

/** Over the samples that are back-propagated. */
export interface Recurrence {
  /** Number of time steps. */
  readonly steps: number;
  /** RMS of what the first and the last step leave to the next; null where some of it is not finite. */
  readonly state: { readonly first: number; readonly last: number } | null;
  /**
   * How dLoss/d(state) changes from the last step to the first on its way through the layer alone, whatever reaches the
   * steps between from outside: log10 of the factor (null where nothing is left), and the factor of a step, geometric
   * mean. Null where no gradient enters the last step, or not all of it is finite.
   */
  readonly gradient: { readonly log10Change: number | null; readonly perStep: number } | null;
}

export interface Gradient {
  /** RMS of dLoss/d(output) over samples, positions and units; null for an output whose random vector was put before its activation. */
  readonly outputRms: number | null;
  /** RMS of dLoss/d(pre-activation); null where it cannot be seen. */
  readonly preActivationRms: number | null;
  /** Number of entries of dLoss/d(output) that are NaN or infinite. */
  readonly nonFinite: number;
  readonly weights: readonly WeightGradient[];
  /** The same quantities for the model's own loss, `outputRms` for the loss of each sample alone; null without labels. */
  readonly loss: { readonly outputRms: number | null; readonly weights: readonly WeightGradient[] } | null;
}

export interface WeightGradient {
  readonly name: string;
  /** `||dLoss/dW|| / sqrt(size of W)`. */
  readonly rms: number | null;
  readonly norm: number | null;
  /** `||dLoss/dW|| / ||W||`; null when `||W||` is 0. */
  readonly ratio: number | null;
}

export interface WeightReport {
  /** The name within its layer: kernel, bias, gamma, recurrent_kernel, … */
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly norm: number | null;
  readonly nonFinite: number;
  /** Share of the entries that are exactly 0. */
  readonly zeroShare: number;
  /** As configured, null when not saved. */
  readonly initializer: { readonly className: string; readonly config: Readonly<Record<string, unknown>> } | null;
  /** Standard deviation that `initializer` asks for, computed with this weight's fans; null when unknown. */
  readonly nominalStandardDeviation: number | null;
  readonly fanIn: number | null;
  readonly fanOut: number | null;
}

/** Every experiment works on a copy of the network and a part of the probe; null where it was not needed or not possible. */
export interface Experiments {
  /** Number of samples that each copy was shown. */
  readonly samples: number;
  /** Copies whose weights were drawn anew by the saved initialisers. */
  readonly fresh: Copies | null;
  /** Copies whose kernels were drawn with the initialisation that fits each activation (He, Xavier, LeCun), biases 0. */
  readonly fitting: Copies | null;
  /** Copies drawn with He initialisation whose saturating hidden activations were replaced by ReLU. */
  readonly rectified: Copies | null;
  /** The saved network after one small step of gradient descent; measured where the gradient was exactly 0. */
  readonly afterOneStep: Copies | null;
  readonly learningRates: LearningRateLadder | null;
  /** Why an experiment that was needed was not made, one sentence each. */
  readonly unknown: readonly string[];
}

export interface Copies {
  /** Number of copies that the numbers are averaged over. */
  readonly count: number;
  /** Every layer with units, in execution order. */
  readonly layers: readonly CopiedLayer[];
}

export interface CopiedLayer {
  readonly name: string;
  /** Mean over the copies. */
  readonly silentUnits: number;
  /** Medians over the copies, of what `signal.variance` and `gradient.outputRms` are. */
  readonly variance: number | null;
  readonly gradientRms: number | null;
}

/** What a few optimiser steps at several learning rates do to a copy. */
export interface LearningRateLadder {
  readonly optimizer: string;
  /** Whether the steps started from freshly drawn weights or from the saved ones. */
  readonly start: 'fresh' | 'saved';
  /** Whether the loss used the given labels or random ones. */
  readonly labels: 'given' | 'random';
  /** The rate saved with the model; null when there is none. */
  readonly configuredRate: number | null;
  /** Ascending by rate; the configured rate is among them. */
  readonly rates: readonly {
    readonly rate: number;
    /** Units at risk that never fire after one and after five steps. */
    readonly newlySilentAfterOne: number;
    readonly newlySilentAfterFive: number;
    readonly lossBefore: number | null;
    readonly lossAfterFive: number | null;
  }[];
  /** Number of ReLU units that fired on more than 5 % of the samples before the steps. */
  readonly unitsAtRisk: number;
  /** The highest rate that silences no unit and neither do lower ones; null when every rate does. */
  readonly highestSafeRate: number | null;
}

export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  /** Name of an entry in `layers`, a model input, or null for the whole network. */
  readonly layer: string | null;
  /** Further layers that the same finding speaks of. */
  readonly alsoIn: readonly string[];
  /** What is wrong in at most 34 characters, without the layer: "82 of 128 units are dead". */
  readonly title: string;
  /** One paragraph for someone who has trained three networks: what, where, how sure, why it matters, what first. */
  readonly message: string;
  /** How sure, in few words ("proved", "at least 95% confidence"), and as a grade. */
  readonly confidence: { readonly grade: 'proved' | 'high' | 'moderate' | 'low'; readonly text: string };
  /** What was measured, one sentence each. */
  readonly measured: readonly string[];
  /** Null when the cause is not known. */
  readonly cause: Cause | null;
  /** Why it matters, one sentence. */
  readonly why: string;
  /** The numbers that the rule decided on, by name. */
  readonly evidence: Readonly<Record<string, Evidence>>;
  /** Best first. */
  readonly suggestions: readonly Suggestion[];
  /** Section of the documentation, relative to the project's root: `docs/rules.md#dead-relu`. */
  readonly documentation: string;
}

export type Evidence = number | string | boolean | null | readonly (number | string)[];

export interface Cause {
  readonly id:
    | 'born-dead'
    | 'killed-in-training'
    | 'learning-rate'
    | 'bias-drift'
    | 'activation'
    | 'initialization'
    | 'depth'
    | 'input-scale'
    | 'dead-units-upstream'
    | 'weights'
    | 'data';
  /** A few words: "Killed in training". */
  readonly title: string;
  /** The measurement that tells, one or two sentences. */
  readonly explanation: string;
}

export interface Suggestion {
  /** Id of the fix in src/analysis/fixes, kebab-case: `he-initialization`. */
  readonly fix: string;
  /** Imperative, at most 60 characters. */
  readonly title: string;
  /** Why this follows from the finding, with its cost and what is not proved, one to three sentences. */
  readonly rationale: string;
  /** What to write; null where a fix is not a change of code in that library. */
  readonly code: { readonly tfjs: string | null; readonly keras: string | null };
  /** What the fix did to a copy of this model; null while it has not been tried. */
  readonly effect: {
    readonly quantity: string;
    readonly before: number;
    readonly after: number;
    readonly how: string;
  } | null;
}
