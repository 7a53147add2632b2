/** One node of a GraphDef, and fused nodes taken apart again. */

import { decodeAttribute } from './graphAttribute';
import { get, isRecord, type JsonRecord } from './json';

export interface GraphNode {
  /** Made of its place in the file, so that no name of a file is ever a key of an object. */
  readonly id: string;
  /** As in the file. */
  readonly name: string;
  readonly op: string;
  /** `id` or, for other outputs than the first, `id:index`. */
  readonly inputs: readonly string[];
  readonly attr: JsonRecord;
  /** Index in `modelTopology.node`. */
  readonly place: number;
}

/** By the fused op, the plain one. */
const FUSED: Readonly<Record<string, string>> = {
  _FusedConv2D: 'Conv2D',
  FusedDepthwiseConv2dNative: 'DepthwiseConv2dNative',
  _FusedMatMul: 'MatMul',
};

/** Additions and activations that the converter fuses, and whether they take an input of their own. */
const FUSIBLE: Readonly<Record<string, boolean>> = {
  BiasAdd: true,
  Prelu: true,
  Relu: false,
  Relu6: false,
  Elu: false,
  Sigmoid: false,
  Tanh: false,
  LeakyRelu: false,
};

/**
 * A fused convolution or matrix product as the chain of plain ops that it stands for, the last under the node's own id,
 * so that the arguments of its activation are seen. Any other node, and fusions unknown to tfjs, stay as they are.
 */
export function unfused(node: GraphNode): GraphNode[] {
  const plain = Object.hasOwn(FUSED, node.op) ? FUSED[node.op] : null;
  if (plain === null) return [node];
  const list = get(get(node.attr, 'fused_ops'), 'list');
  const encoded = isRecord(list) ? (get(list, 's') ?? []) : [];
  const steps = Array.isArray(encoded) ? encoded.map(decodeAttribute) : [null];
  if (!steps.every((step) => step !== null && Object.hasOwn(FUSIBLE, step))) return [node];
  const [x, kernel, ...extra] = node.inputs;
  const alpha = get(node.attr, 'leakyrelu_alpha');
  const chain: GraphNode[] = [];
  const append = (op: string, inputs: readonly string[], attr: JsonRecord): void => {
    const last = chain.length === steps.length;
    chain.push({ ...node, id: last ? node.id : `${node.id}/${chain.length}`, op, inputs, attr });
  };
  append(plain, [x, kernel], node.attr);
  for (const step of steps as string[]) {
    const own = FUSIBLE[step] ? [extra.shift()] : [];
    // Too few inputs: left to fail as it would in tfjs.
    if (!own.every((input) => input !== undefined)) return [node];
    append(step, [chain[chain.length - 1].id, ...own], alpha === undefined ? {} : { alpha });
  }
  return chain;
}

/** The id of the node that a reference names. */
export const nodeOf = (source: string): string => source.split(':', 1)[0];
