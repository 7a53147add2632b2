/** What each placeholder of a graph must be fed with, read off its declared shape and the nodes that consume it. */

import { DiagnosisError } from '../../report/errors';
import type { TensorSpec } from '../../report/report';
import { dtypeOf, shapeOf } from './graphAttribute';
import { type GraphNode, nodeOf } from './graphNode';
import { get, isRecord, text } from './json';
import type { NetworkInput } from './network';
import { FREE_PIXELS, FREE_STEPS, isImage } from './networkInputs';
import type { SavedWeight } from './savedWeight';

export interface GraphInput {
  /** Of the placeholder's node. */
  readonly id: string;
  readonly declared: TensorSpec;
  readonly network: NetworkInput;
}

/** Throws `unsupported-format` for placeholders that no batch of samples fits. */
export function graphInputs(
  nodes: readonly GraphNode[],
  signature: unknown,
  weights: ReadonlyMap<string, SavedWeight>,
): GraphInput[] {
  return nodes.filter(isInput).map((node) => graphInput(node, nodes, signature, weights));
}

/** A single flag is no input: it tells training from inference. */
const isInput = (node: GraphNode): boolean => node.op === 'Placeholder' && !isFlag(node);

export const isFlag = ({ op, attr }: GraphNode): boolean =>
  op === 'Placeholder' &&
  dtypeOf(get(get(attr, 'dtype'), 'type')) === 'bool' &&
  shapeOf(get(get(attr, 'shape'), 'shape'))?.length === 0;

function graphInput(
  { id, name, attr, place }: GraphNode,
  nodes: readonly GraphNode[],
  signature: unknown,
  weights: ReadonlyMap<string, SavedWeight>,
): GraphInput {
  const entries = get(signature, 'inputs');
  const entry = isRecord(entries)
    ? Object.entries(entries).find(([key, value]) => (text(get(value, 'name')) ?? key).split(':')[0] === name)?.[1]
    : undefined;
  const shape = shapeOf(get(entry, 'tensorShape')) ?? shapeOf(get(get(attr, 'shape'), 'shape'));
  const dtype = dtypeOf(get(entry, 'dtype') ?? get(get(attr, 'dtype'), 'type'));
  if (shape === null || shape.length === 0 || shape.includes(0) || dtype === 'string') {
    const what = dtype === 'string' ? 'takes text' : 'does not say how many samples of which size it takes';
    throw new DiagnosisError(
      'unsupported-format',
      `The input "${name}" of the graph ${what}.`,
      `modelTopology.node[${place}]`,
      'Convert the model with inputs of numbers whose shape, the batch first, is known.',
    );
  }
  const [batch, ...dims] = shape;
  const limit = indexLimit(id, nodes, weights);
  const kind = limit !== null || dtype === 'int32' ? 'indices' : isImage(dims) ? 'image' : 'features';
  const free = kind === 'image' ? FREE_PIXELS : FREE_STEPS;
  return {
    id,
    declared: { name, shape, dtype },
    network: {
      name,
      shape: dims.map((size) => size ?? free),
      dtype,
      batchSize: batch,
      kind,
      range: kind === 'image' ? [0, 1] : null,
      limit,
    },
  };
}

/** Ops that hand indices on as they are. */
const HANDING_ON = new Set(['Cast', 'ExpandDims', 'Squeeze', 'Reshape', 'ConcatV2', 'Pack', 'StridedSlice']);

/** One more than the largest index into every table that the input is looked up in; null where there is none. */
function indexLimit(
  input: string,
  nodes: readonly GraphNode[],
  weights: ReadonlyMap<string, SavedWeight>,
): number | null {
  const indices = new Set([input]);
  let limit = Infinity;
  for (const { id, op, inputs } of nodes) {
    const [first, second] = inputs.map(nodeOf);
    if (HANDING_ON.has(op) && indices.has(first)) indices.add(id);
    if (!/^Gather(?:V2)?$/.test(op) || !indices.has(second)) continue;
    limit = Math.min(limit, weights.get(first)?.shape[0] ?? Infinity);
  }
  return limit > 0 && Number.isFinite(limit) ? limit : null;
}
