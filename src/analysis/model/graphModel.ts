/**
 * tfjs GraphModel files: a TensorFlow GraphDef as JSON, with the values of its constants in weight shards beside it.
 * Format: tfjs-converter 4.22.0, `GraphModel` and `OperationMapper`; TensorFlow's graph.proto, node_def.proto.
 */

import { DiagnosisError } from '../../report/errors';
import type { ModelSummary } from '../../report/report';
import type { Folder } from './folder';
import { dtypeOf, shapeOf } from './graphAttribute';
import { type GraphInput, graphInputs } from './graphInputs';
import { type GraphNode, nodeOf, unfused } from './graphNode';
import { get, isRecord, text } from './json';
import { type SavedWeight, sizeOf } from './savedWeight';
import { readManifestWeights } from './weightsManifest';

export interface GraphModel {
  readonly summary: ModelSummary;
  /** In execution order: only what an output depends on. */
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly GraphInput[];
  /** What the outputs refer to, as `GraphNode.inputs` refers to things; one per output of the summary. */
  readonly outputs: readonly string[];
  /** Values of the constants, by the id of their node. */
  readonly weights: ReadonlyMap<string, SavedWeight>;
  /** Nodes that wait for themselves, as those of loops do, or for such nodes. */
  readonly unordered: readonly GraphNode[];
}

/** The converter writes some hundreds of nodes for a large network. */
const MAXIMUM_NODES = 20_000;

/**
 * Reads and checks the graph in an already parsed model.json. Throws a `DiagnosisError` for everything that can be
 * wrong with it but for what only shows when it is run.
 */
export async function loadGraphModel(folder: Folder, file: string, json: unknown): Promise<GraphModel> {
  const raw = get(get(json, 'modelTopology'), 'node');
  if (!Array.isArray(raw) || raw.length === 0) {
    throw new DiagnosisError(
      'not-a-model',
      `"${file}" says that it is a tfjs GraphModel, but has no list of nodes in modelTopology.node.`,
      file,
      'Convert the model again.',
    );
  }
  if (raw.length > MAXIMUM_NODES) {
    throw new DiagnosisError(
      'unsupported-format',
      `The graph has ${raw.length} nodes; at most ${MAXIMUM_NODES} are read.`,
      file,
      'Convert the model for inference, which leaves out what belongs to training.',
    );
  }
  const ids = new Map<string, string>();
  raw.forEach((node: unknown, place) => ids.set(nameOf(node, place, ids), `n${place}`));
  const declared = raw.map((node: unknown, place) => checkedNode(node, place, ids));
  const signature = get(json, 'signature') ?? get(get(json, 'userDefinedMetadata'), 'signature');
  const outputs = outputsOf(declared, signature, ids);
  const { nodes: plain, resolve } = withoutAliases(declared.flatMap(unfused));
  const sources = outputs.map(({ source }) => resolve(source));
  const { nodes, unordered } = ordered(plain, sources);
  const notes: string[] = [];
  const saved = await readManifestWeights(folder, file, get(json, 'weightsManifest'), notes);
  const weights = constants(nodes, saved);
  const inputs = graphInputs(nodes, signature, weights);
  return {
    nodes,
    unordered,
    inputs,
    outputs: sources,
    weights,
    summary: {
      file: {
        path: file,
        format: 'tfjs-graph',
        generatedBy: text(get(json, 'generatedBy')),
        convertedBy: text(get(json, 'convertedBy')),
        notes,
      },
      name: file.replace(/\.json$/i, ''),
      className: 'GraphModel',
      parameters: saved.reduce(
        (sum, { shape, values }) => sum + (values instanceof Float32Array ? sizeOf(shape) : 0),
        0,
      ),
      inputs: inputs.map(({ declared }) => declared),
      outputs: outputs.map(({ spec }) => spec),
      training: null,
    },
  };
}

function invalid(message: string, place: number): DiagnosisError {
  return new DiagnosisError('invalid-topology', message, `modelTopology.node[${place}]`, 'Convert the model again.');
}

function nameOf(node: unknown, place: number, taken: ReadonlyMap<string, string>): string {
  const name = text(get(node, 'name'));
  if (name === null || name === '') throw invalid('A node of the graph has no name.', place);
  if (taken.has(name)) throw invalid(`Two nodes of the graph are called "${name}".`, place);
  return name;
}

function checkedNode(node: unknown, place: number, ids: ReadonlyMap<string, string>): GraphNode {
  const name = text(get(node, 'name'))!;
  const op = text(get(node, 'op'));
  const inputs = get(node, 'input') ?? [];
  const attr = get(node, 'attr') ?? {};
  // What every object answers to is no op.
  if (op === null || !/^\w+$/.test(op) || op in {}) throw invalid(`The node "${name}" has no op.`, place);
  if (!Array.isArray(inputs)) throw invalid(`The inputs of the node "${name}" are not a list.`, place);
  if (!isRecord(attr)) throw invalid(`The attributes of the node "${name}" are not an object.`, place);
  const sources = inputs.flatMap((input: unknown) => {
    if (typeof input !== 'string') throw invalid(`An input of the node "${name}" is not a name.`, place);
    const source = sourceOf(input.replace(/^\^/, ''), ids);
    if (source === null)
      throw invalid(`The node "${name}" has the input "${input}", which is not in the graph.`, place);
    // Control inputs order side effects, which inference has none of.
    return input.startsWith('^') ? [] : [source];
  });
  return { id: `n${place}`, name, op, inputs: sources, attr, place };
}

/** `name` or `name:1` with the node's id in place of its name; null where there is no such node. */
function sourceOf(input: string, ids: ReadonlyMap<string, string>): string | null {
  const [name, index] = input.split(':');
  const id = ids.get(name);
  return id === undefined ? null : /^[1-9]\d*$/.test(index ?? '') ? `${id}:${index}` : id;
}

interface Output {
  readonly source: string;
  readonly spec: ModelSummary['outputs'][number];
}

/** The outputs of the signature; without one, every node that no other consumes. */
function outputsOf(nodes: readonly GraphNode[], signature: unknown, ids: ReadonlyMap<string, string>): Output[] {
  const named = get(signature, 'outputs');
  if (isRecord(named) && Object.keys(named).length > 0) {
    return Object.entries(named).map(([key, entry]) => {
      const name = text(get(entry, 'name')) ?? key;
      const source = sourceOf(name, ids);
      if (source === null) {
        throw new DiagnosisError(
          'invalid-topology',
          `The signature names the output "${name}", which is not in the graph.`,
          'signature.outputs',
          'Convert the model again.',
        );
      }
      return {
        source,
        spec: {
          name: key.replace(/:\d+$/, ''),
          shape: shapeOf(get(entry, 'tensorShape')) ?? [],
          dtype: dtypeOf(get(entry, 'dtype')),
        },
      };
    });
  }
  const consumed = new Set(nodes.flatMap(({ inputs }) => inputs.map(nodeOf)));
  const ends = nodes.filter(({ id, op }) => !consumed.has(id) && !/^(?:Const|NoOp|Placeholder.*)$/.test(op));
  if (ends.length === 0) {
    throw new DiagnosisError(
      'invalid-topology',
      'The graph has no output: no node of it is left unconsumed.',
      'modelTopology.node',
      'Convert the model again.',
    );
  }
  return ends.map(({ id, name, attr }) => ({
    source: id,
    spec: { name, shape: [], dtype: dtypeOf(get(get(attr, 'T'), 'type')) },
  }));
}

/** Ops that hand their first input on in inference; tfjs executes FakeQuant so, too. */
const ALIASES = /^(?:Identity|StopGradient|Snapshot|Print|FakeQuantWithMinMaxVars|PlaceholderWithDefault)$/;

/** The nodes without those that only hand on, and what a reference to one of those comes down to. */
function withoutAliases(all: readonly GraphNode[]): {
  readonly nodes: GraphNode[];
  readonly resolve: (source: string) => string;
} {
  const aliases = new Map(
    all.flatMap(({ id, op, inputs }) => (ALIASES.test(op) && inputs.length > 0 ? [[id, inputs[0]] as const] : [])),
  );
  const resolve = (source: string): string => {
    const path = new Set<string>();
    let end = source;
    // A ring of aliases ends where it has been walked once, and is found to wait for itself.
    for (let id = nodeOf(end); aliases.has(id) && !path.has(id); id = nodeOf(end)) {
      path.add(id);
      end = aliases.get(id)!;
    }
    for (const id of path) aliases.set(id, end);
    return end;
  };
  return {
    nodes: all.map((node) => ({ ...node, inputs: node.inputs.map(resolve) })),
    resolve,
  };
}

/** The nodes that the outputs depend on, each after its inputs (Kahn 1962). */
function ordered(
  all: readonly GraphNode[],
  outputs: readonly string[],
): { readonly nodes: GraphNode[]; readonly unordered: GraphNode[] } {
  const byId = new Map(all.map((node) => [node.id, node]));
  const needed = new Set<string>();
  const open = outputs.map(nodeOf);
  while (open.length > 0) {
    const id = open.pop()!;
    if (needed.has(id)) continue;
    needed.add(id);
    for (const source of byId.get(id)!.inputs) open.push(nodeOf(source));
  }
  const relevant = all.filter(({ id }) => needed.has(id));
  const consumers = new Map<string, GraphNode[]>();
  const waiting = new Map<string, number>();
  for (const node of relevant) {
    const sources = new Set(node.inputs.map(nodeOf));
    waiting.set(node.id, sources.size);
    for (const source of sources) {
      const list = consumers.get(source);
      if (list === undefined) consumers.set(source, [node]);
      else list.push(node);
    }
  }
  const nodes = relevant.filter(({ id }) => waiting.get(id) === 0);
  // Grows while it is walked.
  for (const { id } of nodes) {
    for (const consumer of consumers.get(id) ?? []) {
      const left = waiting.get(consumer.id)! - 1;
      waiting.set(consumer.id, left);
      if (left === 0) nodes.push(consumer);
    }
  }
  return { nodes, unordered: relevant.filter(({ id }) => waiting.get(id)! > 0) };
}

function constants(nodes: readonly GraphNode[], saved: readonly SavedWeight[]): Map<string, SavedWeight> {
  const byName = new Map(saved.map((weight) => [weight.name, weight]));
  const values = new Map<string, SavedWeight>();
  for (const { id, name, op, place } of nodes) {
    if (op !== 'Const') continue;
    const weight = byName.get(name);
    if (weight === undefined) {
      throw new DiagnosisError(
        'weights-mismatch',
        `The constant "${name}" of the graph has no value in the weights manifest.`,
        `modelTopology.node[${place}]`,
        'The graph and the weights do not belong together: use the pair that was saved together.',
      );
    }
    values.set(id, weight);
  }
  return values;
}
