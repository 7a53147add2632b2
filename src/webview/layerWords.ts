/** What layers are called in the panel. */

import { formatActivation, formatCount, formatShape } from '../report/format';
import type { LayerReport } from '../report/report';

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:Depthwise|Separable)?Conv/, 'conv'],
  [/^Dense$/, 'dense'],
  [/LSTM|GRU|RNN|Bidirectional/, 'rnn'],
  [/Normalization$/, 'norm'],
  [/Pooling/, 'pool'],
  [/^(?:Flatten|Reshape|Permute|RepeatVector)$/, 'shape'],
  [/^(?:Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract)$/, 'merge'],
  [/Dropout|Noise/, 'drop'],
  [/^Embedding$/, 'embed'],
  [/ReLU|^ELU$|^Softmax$|^Activation$/, 'act'],
  [/^InputLayer$/, 'input'],
  [/Attention/, 'attn'],
];

/** A short word for runs of layers of one kind. */
export function layerKind(layer: LayerReport): string {
  if (layer.role === 'output') return 'out';
  return KINDS.find(([pattern]) => pattern.test(layer.className))?.[1] ?? 'other';
}

const isConvolution = (layer: LayerReport): boolean => layerKind(layer) === 'conv' || layer.outputShape.length > 2;

export const unitWord = (layer: LayerReport, count = 2): string =>
  (isConvolution(layer) ? 'channel' : 'unit') + (count === 1 ? '' : 's');

/** "Dense, 128 units, ReLU"; layers without units give their output's shape. */
export function describeLayer(layer: LayerReport): string {
  const parts = [layer.className];
  if (layer.units === null) parts.push(`output ${formatShape(layer.outputShape)}`);
  else parts.push(`${formatCount(layer.units)} ${unitWord(layer, layer.units)}`);
  if (layer.activation !== null) parts.push(formatActivation(layer.activation));
  return parts.join(', ');
}
