/**
 * Layers of Keras 1 (2015 to early 2017) in the words of Keras 2. Sources: what Keras 2 itself took of Keras 1,
 * `keras/legacy/interfaces.py` and `keras/legacy/layers.py`; for Merge Keras 1.2.2, `keras/engine/topology.py`.
 *
 * Architectures have been saved without their version, so that it is the names that tell: Keras 2 and 3 use none of the
 * old ones, but for the `output_dim` of an Embedding.
 */

import { DiagnosisError } from '../../report/errors';
import type { JsonPath } from '../../report/report';
import { get, isRecord, type JsonRecord, printPath, text } from './json';

export interface LayerJson {
  readonly className: string;
  readonly config: JsonRecord;
}

const RENAMED: Readonly<Record<string, string>> = {
  nb_filter: 'filters',
  filter_length: 'kernel_size',
  subsample: 'strides',
  subsample_length: 'strides',
  border_mode: 'padding',
  atrous_rate: 'dilation_rate',
  output_dim: 'units',
  init: 'kernel_initializer',
  inner_init: 'recurrent_initializer',
  inner_activation: 'recurrent_activation',
  beta_init: 'beta_initializer',
  gamma_init: 'gamma_initializer',
  bias: 'use_bias',
  p: 'rate',
  pool_length: 'pool_size',
  stride: 'strides',
  length: 'size',
  input_dtype: 'dtype',
};

/** What only training needs, and how the sums are done. */
const DROPPED = new Set([
  'W_regularizer',
  'U_regularizer',
  'b_regularizer',
  'W_constraint',
  'b_constraint',
  'dropout_W',
  'dropout_U',
  'consume_less',
  'forget_bias_init',
]);

/** Sizes of kernels, one key for each axis. */
const KERNEL_AXES = [
  ['nb_row', 'nb_col'],
  ['kernel_dim1', 'kernel_dim2', 'kernel_dim3'],
] as const;

/** The layer in the words of Keras 2; one of Keras 2 or 3 as it is. Throws `unsupported-format` for what Keras 2 lacks. */
export function keras2Layer(layer: LayerJson, path: JsonPath): LayerJson {
  const { className, config } = layer;
  if (className === 'Merge') return merge(config);
  const renamed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!DROPPED.has(key)) renamed[newName(className, key)] = value;
  }
  for (const axes of KERNEL_AXES) {
    if (axes.every((key) => key in config)) renamed['kernel_size'] = axes.map((key) => config[key]);
  }
  if ('dim_ordering' in config) renamed['data_format'] = dataFormat(config['dim_ordering']);
  // The first layer has the shape of its input in `batch_input_shape` too.
  if (className !== 'Embedding') delete renamed['input_dim'];
  if (className.startsWith('ZeroPadding') && 'padding' in config)
    renamed['padding'] = padding(className, config['padding']);
  if (className.startsWith('Separable') && 'init' in config) renamed['pointwise_initializer'] = config['init'];
  if (className === 'BatchNormalization' && (config['mode'] ?? 0) !== 0) throw otherStatistics(config, path);
  return { className, config: renamed };
}

function newName(className: string, key: string): string {
  if (className === 'Embedding' && key === 'output_dim') return key;
  if (className === 'Embedding' && key === 'init') return 'embeddings_initializer';
  if (className === 'PReLU' && key === 'init') return 'alpha_initializer';
  if (className.startsWith('Separable') && key === 'init') return 'depthwise_initializer';
  return Object.hasOwn(RENAMED, key) ? RENAMED[key] : key;
}

const dataFormat = (ordering: unknown): string => (ordering === 'th' ? 'channels_first' : 'channels_last');

/** Four numbers or an object of sides, as pairs for the axes; what Keras 2 takes as it is. */
function padding(className: string, value: unknown): unknown {
  const sides = (...keys: readonly string[]): unknown[] => keys.map((key) => get(value, key) ?? 0);
  if (isRecord(value) && Object.keys(value).every((key) => key.endsWith('_pad'))) {
    const [vertical, horizontal] = [sides('top_pad', 'bottom_pad'), sides('left_pad', 'right_pad')];
    return className === 'ZeroPadding1D' ? horizontal : [vertical, horizontal];
  }
  return Array.isArray(value) && value.length === 4 ? [value.slice(0, 2), value.slice(2)] : value;
}

/** What Keras 1 merges tensors by, as the layers of Keras 2. */
const MERGES: Readonly<Record<string, string>> = {
  sum: 'Add',
  mul: 'Multiply',
  ave: 'Average',
  max: 'Maximum',
  concat: 'Concatenate',
  dot: 'Dot',
  cos: 'Dot',
};

/** The layer that stands for a Merge; one by a function of the author's is as little in the file as a Lambda. */
function merge(config: JsonRecord): LayerJson {
  const { name, mode, concat_axis: axis, dot_axes: axes, output_shape } = config;
  const className = typeof mode === 'string' && Object.hasOwn(MERGES, mode) ? MERGES[mode] : 'Lambda';
  switch (className) {
    case 'Concatenate':
      return { className, config: { name, axis } };
    case 'Dot':
      return { className, config: { name, axes: Array.isArray(axes) ? axes.flat() : axes, normalize: mode === 'cos' } };
    case 'Lambda':
      return { className, config: { name, function: mode, output_shape } };
    default:
      return { className, config: { name } };
  }
}

/** The models that a Merge puts together at the beginning of a Sequential; null for other layers, and a Merge of tensors. */
export function mergedModels(json: unknown): readonly unknown[] | null {
  const models = get(get(json, 'config'), 'layers');
  return text(get(json, 'class_name')) === 'Merge' && Array.isArray(models) ? models : null;
}

const otherStatistics = ({ name, mode }: JsonRecord, path: JsonPath): DiagnosisError =>
  new DiagnosisError(
    'unsupported-format',
    `The layer "${String(name)}" is a BatchNormalization of mode ${String(mode)}, which only Keras 1 has: it does not normalise by statistics that were saved.`,
    printPath(path),
    'Build the model with a BatchNormalization of mode 0, or with a LayerNormalization, and train it again.',
  );
