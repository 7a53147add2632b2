import type { ActivationUse, LayerUse } from '../facts';
import type { Range } from '../syntax';
import type { ModelDraft, Node, Value } from './values';

/** How layers, models and operations extend the graph of tensors. */

export const inputNode = (range: Range): Node => ({
  operation: 'input',
  layer: null,
  activation: null,
  inputs: [],
  range,
  certain: true,
});

export function operationNode(
  operation: Node['operation'],
  inputs: readonly Node[],
  range: Range,
  certain = true,
): Node {
  return { operation, layer: null, activation: null, inputs, range, certain };
}

export function activationNode(activation: ActivationUse, input: Node, range: Range, certain = true): Node {
  return { operation: 'activation', layer: null, activation, inputs: [input], range, certain };
}

/** The result of applying `layer`. */
export function layerNode(layer: LayerUse, inputs: readonly Node[], range: Range, certain = true): Node {
  if (layer.role === 'activation')
    return { operation: 'activation', layer, activation: layer.activation, inputs, range, certain };
  if (layer.role === 'merge') return { operation: 'merge', layer, activation: null, inputs, range, certain };
  if (layer.role === 'pooling') return { operation: 'pooling', layer, activation: null, inputs, range, certain };
  if (layer.role === 'input') return { operation: 'input', layer, activation: null, inputs: [], range, certain };
  const opaque = layer.role === 'wrapper' || layer.role === 'other';
  return { operation: opaque ? 'unknown' : 'layer', layer, activation: null, inputs, range, certain };
}

/** The results of applying a model to `inputs`. */
export function modelNodes(draft: ModelDraft, inputs: readonly Node[], range: Range, certain = true): readonly Node[] {
  if (draft.form !== 'sequential') return [operationNode('model', inputs, range, certain)];
  let node = inputs[0] ?? inputNode(range);
  for (const item of draft.items) node = itemNode(item.value, node, item.range, certain && item.certain);
  return [draft.complete ? node : operationNode('unknown', [node], range, certain)];
}

function itemNode(value: Value, input: Node, range: Range, certain: boolean): Node {
  if (value.type === 'layer') {
    if (value.use.role !== 'input') return layerNode(value.use, [input], value.use.range, certain);
    return input.operation === 'input' ? layerNode(value.use, [], value.use.range, certain) : input;
  }
  if (value.type === 'model') {
    value.draft.nested = true;
    return modelNodes(value.draft, [input], range, certain)[0];
  }
  if (value.type === 'tensor' && value.node.operation === 'input') return value.node;
  return operationNode('unknown', [input], range, certain);
}
