/** Runs a graph once, node by node, to see which nodes can be run, what comes out and where gradients can be taken. */

import * as tf from '@tensorflow/tfjs-core';
import { checkSize, withBoundedMemory } from './graphMemory';
import type { GraphModel } from './graphModel';
import { type GraphNode, nodeOf } from './graphNode';
import type { Operation, Values } from './graphOps';

/** A tensor without its values. */
export interface TensorFacts {
  readonly shape: readonly number[];
  readonly dtype: string;
}

export interface DryRun {
  /** Size of the batch. */
  readonly samples: number;
  /** The nodes that were run, in execution order. */
  readonly nodes: readonly GraphNode[];
  /** By the id of the node. */
  readonly outputs: ReadonlyMap<string, readonly TensorFacts[]>;
  /** Why a node was not run, a sentence, by its id. */
  readonly failures: ReadonlyMap<string, string>;
  /** Nodes through which no gradient flows: the op that stops it, by the id of the node. */
  readonly barriers: ReadonlyMap<string, string>;
}

/**
 * Runs every node that is not constant on samples of zeros: on as many as the graph wants, else on two, or on one where
 * two do not fit (graphs are often saved for a batch of one without saying so).
 */
export function dryRun(
  graph: GraphModel,
  operations: ReadonlyMap<string, Operation>,
  constants: Values,
  unavailable: ReadonlyMap<string, string>,
): DryRun {
  const fixed = graph.inputs.find(({ network }) => network.batchSize !== null)?.network.batchSize ?? null;
  const run = (samples: number): DryRun => attempt(graph, operations, constants, unavailable, samples);
  if (fixed !== null) return run(fixed);
  const [two, fits] = withVerdict(run(2), graph);
  if (fits) return two;
  const [one, fitsOne] = withVerdict(run(1), graph);
  return fitsOne || one.failures.size < two.failures.size ? one : two;
}

/** Whether everything was run and every output is one row per sample. */
function withVerdict(run: DryRun, { outputs }: GraphModel): [DryRun, boolean] {
  const rows = outputs.every((source) => run.outputs.get(nodeOf(source))?.[0].shape[0] === run.samples);
  return [run, run.failures.size === 0 && rows];
}

function attempt(
  graph: GraphModel,
  operations: ReadonlyMap<string, Operation>,
  constants: Values,
  unavailable: ReadonlyMap<string, string>,
  samples: number,
): DryRun {
  const nodes: GraphNode[] = [];
  const outputs = new Map<string, TensorFacts[]>();
  const failures = new Map(unavailable);
  const barriers = new Map<string, string>();
  /** Nodes whose output depends on a weight: what gradients flow back through. */
  const weighted = new Set<string>();
  withBoundedMemory(() =>
    tf.tidy(() => {
      const values: Values = { ...constants };
      for (const { id, network } of graph.inputs) {
        values[id] = [tf.zeros([samples, ...network.shape], network.dtype)];
        outputs.set(id, values[id].map(factsOf));
      }
      for (const node of graph.nodes) {
        const { id } = node;
        if (Object.hasOwn(values, id) || failures.has(id)) continue;
        const sources = node.inputs.map(nodeOf);
        const missing = sources.find((source) => failures.has(source));
        const operation = operations.get(id)!;
        const failure =
          missing !== undefined
            ? failures.get(missing)!
            : 'refused' in operation
              ? sentence(node, operation.refused)
              : execute(node, operation.run, values);
        if (failure !== null) {
          failures.set(id, failure);
          continue;
        }
        nodes.push(node);
        outputs.set(id, values[id].map(factsOf));
        const blocked = sources.find((source) => barriers.has(source));
        if (blocked !== undefined) barriers.set(id, barriers.get(blocked)!);
        const isFloat = values[id][0].dtype === 'float32';
        if (!isFloat || !sources.some((source) => weighted.has(source) || isWeight(constants[source]))) continue;
        weighted.add(id);
        if (blocked === undefined && 'run' in operation && !hasGradient(operation.run, values, sources)) {
          barriers.set(id, node.op);
        }
      }
    }),
  );
  return { samples, nodes, outputs, failures, barriers };
}

/** Adds the node's outputs to the values; returns what went wrong. */
export function execute(node: GraphNode, run: (values: Values) => tf.Tensor[], values: Values): string | null {
  try {
    checkSize(node, values);
    const tensors = run(values);
    if (!tensors.every((tensor) => tensor instanceof tf.Tensor)) return sentence(node, 'it gave no tensor');
    values[node.id] = tensors;
    return null;
  } catch (error) {
    return sentence(node, (error as Error).message);
  }
}

export const sentence = ({ name, op }: GraphNode, why: string): string =>
  `The node "${name}" (${op}) was not run: ${why.replace(/\s+/g, ' ').replace(/\.$/, '')}.`;

const factsOf = ({ shape, dtype }: tf.Tensor): TensorFacts => ({ shape, dtype });

const isWeight = (values: readonly tf.Tensor[] | undefined): boolean =>
  values !== undefined && values[0].dtype === 'float32';

/** Whether tfjs can take the gradient of a node with respect to its floating-point inputs. */
function hasGradient(run: (values: Values) => tf.Tensor[], values: Values, sources: readonly string[]): boolean {
  const floats = [...new Set(sources)].flatMap((source) => values[source]).filter(({ dtype }) => dtype === 'float32');
  const total = (): tf.Scalar => {
    const terms = run(values).filter(({ dtype }) => dtype === 'float32');
    return terms.map((term): tf.Scalar => tf.sum(term)).reduce((a, b) => tf.add(a, b));
  };
  try {
    tf.tidy(() => void tf.engine().gradients(total, floats, undefined, true));
    return true;
  } catch {
    return false;
  }
}
