import type { LayerUse } from '../facts';
import { fixOf, type Fix, type TextEdit } from './edits';
import { insertAfter } from './insertLayer';
import { sibling, type Source } from './source';

/** Puts a batch normalisation behind each of these layers. */
export function insertBatchNormalization(layers: readonly LayerUse[], source: Source): readonly Fix[] {
  const title =
    layers.length === 1 ? 'Insert batch normalization' : `Insert batch normalization after ${layers.length} layers`;
  return fixOf(
    'batch-normalization',
    title,
    layers.map((layer) => editsFor(layer, source)),
  );
}

function editsFor(layer: LayerUse, source: Source): readonly TextEdit[] | null {
  const made = constructorFor(layer, source);
  const insertion = made === null ? null : insertAfter(layer, made.written, source);
  return insertion === null ? null : [...made!.edits, ...insertion];
}

function constructorFor(layer: LayerUse, source: Source): { written: string; edits: readonly TextEdit[] } | null {
  if (layer.library === 'torch') {
    const dimensions = layer.role === 'dense' ? '1' : (/(\d)D/.exec(layer.kind)?.[1] ?? null);
    if (dimensions === null || layer.units === null) return null;
    const found = sibling(source, layer.callee, `BatchNorm${dimensions}d`);
    return found === null ? null : { ...found, written: `${found.written}(${layer.units})` };
  }
  const found = sibling(source, layer.callee, layer.library === 'tfjs' ? 'batchNormalization' : 'BatchNormalization');
  return found === null ? null : { ...found, written: `${found.written}()` };
}
