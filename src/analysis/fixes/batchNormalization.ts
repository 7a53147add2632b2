import type { LayerReport, Suggestion } from '../../report/report';
import { layerCode } from './layerCode';

/** Batch normalisation between the linear part of the layer and its activation (Ioffe and Szegedy 2015, arXiv:1502.03167). */
export function batchNormalization(layer: LayerReport): Suggestion {
  const linear = layerCode(layer, { activation: null, useBias: false });
  const activation = layer.activation ?? 'relu';
  const camel = activation.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  return {
    fix: 'batch-normalization',
    title: 'Normalise before the activation',
    rationale:
      'Batch normalisation keeps every pre-activation at a fixed mean and spread, whatever the weights, so the signal neither vanishes nor saturates. It costs time and memory per layer and behaves differently with very small batches.',
    code: around(linear, {
      tfjs: [`tf.layers.activation({ activation: '${camel}' })`],
      keras: [`layers.Activation("${activation}")`],
    }),
    effect: null,
  };
}

/** Batch normalisation behind the activation: the layer then gives outputs of mean 0, which no normalisation before a sigmoid does. */
export function centerOutputs(layer: LayerReport): Suggestion {
  return {
    fix: 'center-outputs',
    title: 'Normalise after the activation',
    rationale:
      'Batch normalisation behind the layer gives its outputs mean 0 in every batch, whatever the activation. It costs time and memory per layer and behaves differently with very small batches.',
    code: around(layerCode(layer, {}), { tfjs: [], keras: [] }),
    effect: null,
  };
}

type Code = NonNullable<Suggestion['code']>;

/** The layer, batch normalisation, and what follows; the normalisation alone where the layer cannot be written. */
function around(layer: Code, after: { readonly tfjs: readonly string[]; readonly keras: readonly string[] }): Code {
  const [tfjs, keras] = ['tf.layers.batchNormalization()', 'layers.BatchNormalization()'];
  if (layer.tfjs === null || layer.keras === null) return { tfjs, keras };
  return {
    tfjs: [layer.tfjs, tfjs, ...after.tfjs].join(',\n'),
    keras: [layer.keras, keras, ...after.keras].join(',\n'),
  };
}
