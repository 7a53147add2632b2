/** How the calls of a graph hang together: what each consumes, which are outputs, and where gradients can start. */

import type { DryRun } from './graphDryRun';
import type { GraphModel } from './graphModel';
import { type GraphNode, nodeOf } from './graphNode';
import { type GraphStep, type MutableCall, unmeasuredCall } from './graphSteps';
import type { LayerCall } from './network';

/**
 * References to the outputs of the graph, each replaced by what it is computed from where it could not be run, has no
 * gradient, or is not one row of floating-point numbers per sample.
 */
export function findHeads({ nodes, unordered, outputs }: GraphModel, run: DryRun): string[] {
  const byId = new Map([...nodes, ...unordered].map((node) => [node.id, node]));
  const heads = new Set<string>();
  const seen = new Set<string>();
  const open = [...outputs].reverse();
  while (open.length > 0) {
    const source = open.pop()!;
    if (seen.has(source)) continue;
    seen.add(source);
    const node = byId.get(nodeOf(source));
    if (node === undefined || node.op === 'Placeholder') continue;
    if (isHead(node, run)) heads.add(source);
    else for (const input of [...node.inputs].reverse()) open.push(input);
  }
  return [...heads];
}

function isHead({ id }: GraphNode, { outputs, barriers, samples }: DryRun): boolean {
  const [first] = outputs.get(id) ?? [];
  return first?.dtype === 'float32' && first.shape.length > 1 && first.shape[0] === samples && !barriers.has(id);
}

/** Ops whose output tells of the shape of their input only. */
const SHAPES = /^(?:ShapeN?|Size|Rank|ZerosLike|OnesLike)$/;

/** The calls of the steps in execution order, and those of layers that were not run, with their inputs and roles. */
export function connectedCalls(
  graph: GraphModel,
  run: DryRun,
  steps: readonly GraphStep[],
  heads: readonly string[],
): LayerCall[] {
  const ofNode = new Map(steps.map(({ id, call }) => [id, call]));
  /** Names of the calls and inputs that a node's output comes from. */
  const origins = new Map<string, readonly string[]>(graph.inputs.map(({ id, network }) => [id, [network.name]]));
  const calls = new Map<string, MutableCall>();
  for (const node of [...graph.nodes, ...graph.unordered]) {
    const { id, op } = node;
    if (origins.has(id)) continue;
    const from = SHAPES.test(op)
      ? []
      : [...new Set(node.inputs.flatMap((source) => origins.get(nodeOf(source)) ?? []))];
    const failure = run.failures.get(id);
    const call = failure === undefined ? ofNode.get(id) : unmeasuredCall(node, failure);
    if (call == null) {
      origins.set(id, from);
      continue;
    }
    call.inputs = from;
    const barrier = run.barriers.get(id);
    if (barrier !== undefined) {
      call.unknown = [...call.unknown, `No gradient arrives here: TensorFlow.js has none for the op ${barrier}.`];
    }
    calls.set(call.name, call);
    origins.set(id, [call.name]);
  }
  const graded = [...calls.values()].filter(({ role, unknown }) => role !== 'opaque' && unknown.length === 0);
  const consumed = new Set(graded.flatMap(({ inputs }) => inputs));
  const ends = heads.flatMap((head) => origins.get(nodeOf(head)) ?? []);
  // A layer that is shown as an output and consumed as well is a hidden layer, unless nothing else could be an output.
  const last = ends.filter((name) => !consumed.has(name));
  for (const name of last.length > 0 ? last : ends) markOutput(calls, name);
  return [...calls.values()];
}

/** An output, and what comes before it as long as only activations and reshapings follow: the head, which is judged apart. */
function markOutput(calls: ReadonlyMap<string, MutableCall>, name: string): void {
  for (let call = calls.get(name); call?.role === 'hidden'; call = calls.get(call.inputs[0])) {
    call.role = 'output';
    const passesOn = call.structural || call.weights.length === 0;
    if (!passesOn || call.inputs.length !== 1) return;
  }
}
