/** Short forms for writing specifications. */

import type {
  ConfigValue,
  DataSpec,
  Evidence,
  Labels,
  LayerConfig,
  LayerSpec,
  LayerType,
  NetworkSpec,
  TaskName,
  TrainingSpec,
} from '../networkSpec';

type Activation =
  | 'elu'
  | 'gelu'
  | 'hardSigmoid'
  | 'linear'
  | 'mish'
  | 'relu'
  | 'selu'
  | 'sigmoid'
  | 'softmax'
  | 'softplus'
  | 'swish'
  | 'tanh';

export const layer = (type: LayerType, config: LayerConfig = {}): LayerSpec => ({ layer: type, config });

export const residual = (...branch: readonly LayerSpec[]): LayerSpec => ({ residual: branch });

export const dense = (
  units: number,
  activation: Activation,
  kernelInitializer: ConfigValue,
  more: LayerConfig = {},
): LayerSpec => layer('dense', { units, activation, kernelInitializer, ...more });

export const conv = (
  filters: number,
  activation: Activation,
  kernelInitializer: ConfigValue,
  more: LayerConfig = {},
): LayerSpec => layer('conv2d', { filters, kernelSize: 3, padding: 'same', activation, kernelInitializer, ...more });

export const repeat = (times: number, ...layers: readonly LayerSpec[]): readonly LayerSpec[] =>
  Array.from({ length: times }, () => layers).flat();

export const softmax = (classes: number): LayerSpec => dense(classes, 'softmax', 'glorotUniform');
export const sigmoidOutput = dense(1, 'sigmoid', 'glorotUniform');
export const linearOutput = dense(1, 'linear', 'glorotUniform');

export const randomNormal = (stddev: number, mean = 0): ConfigValue => ({
  className: 'randomNormal',
  config: { mean, stddev },
});
export const constant = (value: number): ConfigValue => ({ className: 'constant', config: { value } });
/** As in the public fault studies: He's variance, drawn uniformly. */
export const varianceScaling = (scale: number): ConfigValue => ({
  className: 'varianceScaling',
  config: { scale, mode: 'fanIn', distribution: 'uniform' },
});

export const data = (task: TaskName, more: Partial<DataSpec> = {}): DataSpec => ({
  task,
  scale: 1,
  shift: 0,
  constantFeatures: 0,
  ...more,
});

/** Adam at 0.003 for `epochs` passes over 512 samples, unless told otherwise. */
export const training = (epochs: number, more: Partial<TrainingSpec> = {}): TrainingSpec => ({
  optimizer: 'adam',
  learningRate: 0.003,
  epochs,
  samples: 512,
  batchSize: 32,
  saved: true,
  ...more,
});

export const initial = training(0);

export const learned = (score: number): Evidence => ({ kind: 'learned', score });
export const learns = (epochs: number, score: number, learningRate: number | null = null): Evidence => ({
  kind: 'learns',
  epochs,
  score,
  learningRate,
});
export const doesNotLearn = (epochs: number, score: number): Evidence => ({ kind: 'does-not-learn', epochs, score });
export const construction = (why: string): Evidence => ({ kind: 'construction', why });

type Parts = Pick<NetworkSpec, 'data' | 'layers' | 'training'> & Partial<Pick<NetworkSpec, 'probe' | 'edits'>>;

/** One network for each seed, named `<name>-s<seed>`. */
export function networks(
  name: string,
  seeds: readonly number[],
  parts: Parts,
  labels: Omit<Labels, 'acceptable'> & Partial<Pick<Labels, 'acceptable'>>,
): readonly NetworkSpec[] {
  return seeds.map((seed) => ({
    id: `${name}-s${seed}`,
    seed,
    probe: 'labelled',
    edits: [],
    ...parts,
    labels: { acceptable: [], ...labels },
  }));
}

/** Networks without a fault; besides the evidence given, none may have a layer with a quarter of its units silent. */
export function healthy(
  name: string,
  seeds: readonly number[],
  parts: Parts,
  evidence: readonly Evidence[],
): readonly NetworkSpec[] {
  return networks(name, seeds, parts, {
    rules: [],
    cause: null,
    evidence: [...evidence, { kind: 'alive', share: 0.25 }],
  });
}
