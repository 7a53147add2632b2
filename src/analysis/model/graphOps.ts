/**
 * The ops of TensorFlow, executed one node at a time by tfjs' own converter. In a module of its own, to be imported only
 * when there is a graph to run. Leans on internals of tfjs-converter 4.22.0: the mapper and the executor are not exported.
 */

import type { Tensor } from '@tensorflow/tfjs-core';
import type { INodeDef } from '@tensorflow/tfjs-converter/dist/data/compiled_api';
import { ExecutionContext } from '@tensorflow/tfjs-converter/dist/executor/execution_context';
import { executeOp } from '@tensorflow/tfjs-converter/dist/operations/operation_executor';
import { OperationMapper } from '@tensorflow/tfjs-converter/dist/operations/operation_mapper';
import type { Node } from '@tensorflow/tfjs-converter/dist/operations/types';
import type { GraphNode } from './graphNode';

/** Outputs of nodes by the id of the node. */
export type Values = Record<string, Tensor[]>;

/** A node that can be run, or why it can't. */
export type Operation = { readonly run: (values: Values) => Tensor[] } | { readonly refused: string };

/** Families of ops that wait for other ops, look things up outside of the graph or give no tensors. */
const REFUSED: Readonly<Record<string, string>> = {
  control: 'loops, branches and lists',
  dynamic: 'ops whose output has a size of its own',
  hash_table: 'lookup tables',
  string: 'ops on text',
  ragged: 'ops on ragged tensors',
  sparse: 'ops on sparse tensors',
  custom: 'ops of the author’s own',
};
/** They would make of every diagnosis another one. */
const RANDOM = /^(?:Random.*|Multinomial|TruncatedNormal)$/;

/** What executes the node. `refused` is a clause. */
export function operation(node: GraphNode): Operation {
  const mapped = mappedNode(node);
  if (typeof mapped === 'string') return { refused: mapped };
  const { category } = mapped;
  if (category === undefined) return { refused: 'it is no op that TensorFlow.js knows' };
  const family = RANDOM.test(node.op) ? 'random numbers' : REFUSED[category];
  if (family !== undefined) return { refused: `${family} are not run in a diagnosis` };
  return {
    run: (values) => executeOp(mapped, values, new ExecutionContext(values)) as Tensor[],
  };
}

/** The node as the executor takes it, or why the mapper refuses its attributes. */
function mappedNode({ id, op, inputs, attr }: GraphNode): Node | string {
  try {
    const definition = { node: [{ name: id, op, attr: structuredClone(attr) as NonNullable<INodeDef['attr']> }] };
    const { nodes } = OperationMapper.Instance.transformGraph(definition);
    return { ...nodes[id], inputNames: [...inputs], inputs: inputs.map(() => nodes[id]) };
  } catch (error) {
    return `its attributes cannot be read (${(error as Error).message})`;
  }
}
