import type { RuleId } from '../../../src/report/report';

/** Everything that a network of the benchmark is made from: plain data, so that its JSON identifies it. */
export interface NetworkSpec {
  /** Unique, kebab-case; its hash decides the split. */
  readonly id: string;
  /** Seeds the initialisers and dropout; the data have a seed of their own. */
  readonly seed: number;
  readonly data: DataSpec;
  readonly layers: readonly LayerSpec[];
  readonly training: TrainingSpec;
  /** Weights that are overwritten after training, for faults that no training makes. */
  readonly edits: readonly WeightEdit[];
  /** What the diagnosis is given: the data with labels, the data alone, or nothing but the model. */
  readonly probe: 'labelled' | 'unlabelled' | 'synthetic';
  readonly labels: Labels;
}

export interface DataSpec {
  readonly task: TaskName;
  /** Every feature is multiplied by `scale`, then `shift` is added; 1 and 0 leave the standardised data. */
  readonly scale: number;
  readonly shift: number;
  /** Number of features that are replaced by the constant 1. */
  readonly constantFeatures: number;
}

export type TaskName =
  /** Three Gaussian clusters in 2-d. */
  | 'blobs'
  /** Two noisy concentric circles in 2-d, one sigmoid output. */
  | 'circles'
  /** Two interleaved spirals in 2-d. */
  | 'spirals'
  /** Four Gaussian clusters in 16-d. */
  | 'clusters'
  /** `sin(3x)` for x in [-1, 1]: regression with positive and negative targets. */
  | 'sine'
  /** 8x8 images in [0, 1] with horizontal, vertical or diagonal stripes. */
  | 'stripes'
  /** 16 steps of a noisy sine, slow or fast. */
  | 'waves'
  /** 12 tokens, padded with 0: which half of the vocabulary is met more often. */
  | 'tokens';

export type LayerSpec =
  | { readonly layer: LayerType; readonly config: LayerConfig }
  /** `x + branch(x)`. */
  | { readonly residual: readonly LayerSpec[] };

/** A constructor of `tf.layers`. */
export type LayerType =
  | 'activation'
  | 'averagePooling2d'
  | 'batchNormalization'
  | 'conv1d'
  | 'conv2d'
  | 'dense'
  | 'depthwiseConv2d'
  | 'dropout'
  | 'elu'
  | 'embedding'
  | 'flatten'
  | 'gaussianNoise'
  | 'globalAveragePooling1d'
  | 'globalAveragePooling2d'
  | 'gru'
  | 'layerNormalization'
  | 'leakyReLU'
  | 'lstm'
  | 'masking'
  | 'maxPooling2d'
  | 'reLU'
  | 'simpleRNN';

/** The layer's arguments in tfjs; initialisers are names (`heUniform`) or `{className, config}` and get their seeds from the builder. */
export type LayerConfig = Readonly<Record<string, ConfigValue>>;
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue };

export interface TrainingSpec {
  readonly optimizer: 'sgd' | 'adam' | 'rmsprop';
  readonly learningRate: number;
  /** 0 leaves the initial weights. */
  readonly epochs: number;
  readonly samples: number;
  readonly batchSize: number;
  /** Whether the optimiser and loss are saved with the model. */
  readonly saved: boolean;
}

export interface WeightEdit {
  /** Name of the layer, by type and place among the layers of its type: `dense_2`. */
  readonly layer: string;
  readonly weight: 'kernel' | 'bias';
  /** `rank-one` keeps the outer product of the first column and the first row; `nan` makes the first entry NaN. */
  readonly edit: 'rank-one' | 'nan';
}

export interface Labels {
  /** What must be found; empty for a healthy network. */
  readonly rules: readonly RuleId[];
  /** What is true of the network too, and so is no false alarm. */
  readonly acceptable: readonly RuleId[];
  readonly cause: CauseLabel | null;
  /** What shows that the labels are right; every item is checked when the network is built. */
  readonly evidence: readonly Evidence[];
}

export type CauseLabel =
  | 'born-dead'
  | 'killed-in-training'
  | 'vanishing-by-activation'
  | 'vanishing-by-initialization'
  | 'exploding'
  | 'learning-rate';

/** A fact about the network that can be checked without the diagnosis. Scores are accuracies, R^2 for regression. */
export type Evidence =
  /** Follows from the specification itself. */
  | { readonly kind: 'construction'; readonly why: string }
  /** The network as saved scores at least `score` on fresh samples. */
  | { readonly kind: 'learned'; readonly score: number }
  /** A copy that is trained (at another rate, where one is given) scores at least `score`. */
  | { readonly kind: 'learns'; readonly epochs: number; readonly score: number; readonly learningRate: number | null }
  /** A copy that is trained scores at most `score`, or its loss is no longer finite. */
  | { readonly kind: 'does-not-learn'; readonly epochs: number; readonly score: number }
  /** In some hidden ReLU layer at least this share of the units is 0 on 20,000 samples. */
  | { readonly kind: 'silent'; readonly share: number }
  /** No hidden ReLU layer has more than this share of units silent on 20,000 samples. */
  | { readonly kind: 'alive'; readonly share: number }
  /** The same network with its initial weights has at most (`most`) or at least (`least`) this share silent. */
  | { readonly kind: 'initially-silent'; readonly most: number | null; readonly least: number | null }
  /** A weight, or an output on finite data, is not finite. */
  | { readonly kind: 'non-finite' };

/** FNV-1a, 32 bits. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

export type Split = 'tuning' | 'held-out';

/** Half of the networks are never looked at one by one, so that no threshold is fitted to them. */
export function splitOf(spec: Pick<NetworkSpec, 'id'>): Split {
  // The low bits of FNV-1a mix worst.
  return (hash32(spec.id) >>> 16) % 2 === 0 ? 'tuning' : 'held-out';
}

export const isHealthy = ({ labels }: NetworkSpec): boolean => labels.rules.length === 0;
