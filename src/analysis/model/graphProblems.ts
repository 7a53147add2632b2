/** What keeps a graph, or a part of it, from being measured, in words. */

import { formatPlural } from '../../report/format';
import { DiagnosisError } from '../../report/errors';
import type { DryRun } from './graphDryRun';
import type { GraphNode } from './graphNode';

/** Ops by which the graphs of TensorFlow repeat and branch. */
const CONTROL_FLOW = /^(?:Switch|Merge|Enter|Exit|NextIteration|LoopCond|While|StatelessWhile|If|StatelessIf)$/;

/** Why nodes that wait for themselves were not run. Throws `invalid-topology` where no loop explains it. */
export function waitsForItself(nodes: readonly GraphNode[]): string {
  const loop = nodes.find(({ op }) => CONTROL_FLOW.test(op));
  if (loop !== undefined) return `The node "${loop.name}" (${loop.op}) was not run: loops are not run in a diagnosis.`;
  throw new DiagnosisError(
    'invalid-topology',
    `The node "${nodes[0].name}" of the graph waits for itself.`,
    `modelTopology.node[${nodes[0].place}]`,
    'Convert the model again.',
  );
}

/** No layer of the graph could be run. */
export function nothingToMeasure({ failures }: DryRun): DiagnosisError {
  const reasons = [...new Set(failures.values())];
  const more = reasons.length > 3 ? ` ${reasons.length - 3} more nodes were not run.` : '';
  const why = reasons.length === 0 ? 'It has no activations and no weights.' : reasons.slice(0, 3).join(' ') + more;
  return new DiagnosisError(
    'unsupported-format',
    `No layer of the graph can be measured. ${why}`,
    'modelTopology.node',
    'Save the model as a tfjs LayersModel, or convert it without these ops.',
  );
}

/** What was left out, one sentence each. */
export function graphNotes({ failures, barriers }: DryRun): string[] {
  const notes: string[] = [];
  if (failures.size > 0) {
    const [first, ...others] = new Set(failures.values());
    const more = others.length > 0 ? `, and ${others.length} more for reasons of their own` : '';
    // Of the file: the parts of a fused node begin with its id.
    const nodes = new Set([...failures.keys()].map((id) => id.split('/', 1)[0])).size;
    notes.push(`${formatPlural(nodes, 'node was', 'nodes were')} not run. ${first.replace(/\.$/, more + '.')}`);
  }
  const ops = [...new Set(barriers.values())];
  if (ops.length > 0)
    notes.push(`Gradients were taken before ${ops.join(', ')}, which TensorFlow.js has no gradients for.`);
  return notes;
}

/** Why no output has a gradient. */
export function withoutGradient({ barriers }: DryRun): string {
  const [op] = barriers.values();
  return op === undefined
    ? 'The graph has no output of floating-point numbers, one row per sample, to take gradients of.'
    : `TensorFlow.js has no gradient for the op ${op}, which the outputs depend on.`;
}
