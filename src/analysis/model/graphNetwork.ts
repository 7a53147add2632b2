/**
 * A tfjs GraphModel as a `Network`: runs the nodes of the graph itself, one after the other, so that the observer sees
 * the arguments of the activations and gradients flow through what it returns.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { ModelSummary } from '../../report/report';
import { connectedCalls, findHeads } from './graphConnections';
import { dryRun, execute, sentence } from './graphDryRun';
import { isFlag } from './graphInputs';
import { withBoundedMemory } from './graphMemory';
import type { GraphModel } from './graphModel';
import { type GraphNode, nodeOf } from './graphNode';
import type { Operation, Values } from './graphOps';
import { graphNotes, nothingToMeasure, waitsForItself, withoutGradient } from './graphProblems';
import { type GraphStep, graphSteps } from './graphSteps';
import { Lifetimes } from './lifetimes';
import type { LayerCall, Network, NetworkInput, TracedOutput, TraceObserver } from './network';
import type { SavedWeight } from './savedWeight';
import { substituted } from './substitution';

type Compile = (node: GraphNode) => Operation;

interface Executable {
  readonly id: string;
  readonly run: (values: Values) => tf.Tensor[];
}

/** A step with what executes its nodes. */
interface CompiledStep {
  readonly step: GraphStep;
  readonly linear: readonly Executable[];
  /** These find the argument under the id `slot`. */
  readonly activation: readonly Executable[];
  readonly slot: string;
  /** Ids of the nodes whose values it needs, its own among them. */
  readonly reads: readonly string[];
}

export class GraphNetwork implements Network {
  readonly summary: ModelSummary;
  readonly inputs: readonly NetworkInput[];
  readonly calls: readonly LayerCall[];
  readonly differentiable: string | null;
  private readonly constants: Values = {};
  private readonly steps: readonly CompiledStep[];
  /** What `trace` returns: the outputs, or what they are made of where those cannot be computed or differentiated. */
  private readonly heads: readonly string[];

  private constructor(
    private readonly graph: GraphModel,
    compile: Compile,
  ) {
    try {
      const operations = new Map(graph.nodes.map((node) => [node.id, compile(node)]));
      const unavailable = this.computeConstants(operations);
      const run = dryRun(graph, operations, this.constants, unavailable);
      this.inputs = graph.inputs.map(({ network }) => (run.samples === 1 ? { ...network, batchSize: 1 } : network));
      const steps = graphSteps({
        nodes: run.nodes,
        constant: (source) => this.constants[nodeOf(source)]?.[0] ?? null,
        output: ({ id }) => run.outputs.get(id)![0],
        outputs: new Set(graph.outputs.map(nodeOf)),
        samples: run.samples,
      });
      if (!steps.some(({ call }) => call !== null && !call.structural)) throw nothingToMeasure(run);
      this.makeVariables(steps);
      this.steps = steps.map((step) => compiledStep(step, compile));
      this.heads = findHeads(graph, run);
      this.calls = connectedCalls(graph, run, steps, this.heads);
      this.differentiable = this.heads.length > 0 ? null : withoutGradient(run);
      const { summary } = graph;
      this.summary = {
        ...summary,
        file: { ...summary.file, notes: [...summary.file.notes, ...graphNotes(run)] },
      };
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Rejects with `invalid-topology` for a graph that waits for itself, with `unsupported-format` when none of its layers can be run. */
  static async load(graph: GraphModel): Promise<GraphNetwork> {
    // Imported only now: the ops of the converter are code that no other format needs.
    const { operation } = await import('./graphOps');
    return new GraphNetwork(graph, operation);
  }

  trace(inputs: readonly tf.Tensor[], observer: TraceObserver): TracedOutput[] {
    const values: Values = { ...this.constants };
    this.graph.inputs.forEach(({ id }, i) => (values[id] = [inputs[i]]));
    const tensors = new Lifetimes(
      this.steps.flatMap(({ reads }) => reads),
      this.heads.map(nodeOf),
      new Set(Object.values(values).flat()),
    );
    // Nodes of an activation that another was put in place of have no values.
    const valuesAt = (id: string): readonly tf.Tensor[] => (Object.hasOwn(values, id) ? values[id] : []);
    for (const step of this.steps) {
      runStep(step, values, observer);
      for (const { id } of [...step.linear, ...step.activation]) {
        for (const tensor of valuesAt(id)) tensors.written(id, tensor);
      }
      for (const id of step.reads) for (const tensor of valuesAt(id)) tensors.read(tensor);
    }
    const calls = new Map(this.steps.map(({ step: { id, call } }) => [id, call]));
    return this.heads.map((source) => ({ call: calls.get(nodeOf(source)) ?? null, tensor: tensorOf(source, values) }));
  }

  execute(call: LayerCall, inputs: readonly tf.Tensor[]): tf.Tensor | null {
    const compiled = this.steps.find(({ step }) => step.call === call);
    // Graphs for one sample may mix the rows of a larger batch.
    if (compiled === undefined || this.inputs.some(({ batchSize }) => batchSize !== null)) return null;
    const { step, linear } = compiled;
    const named = new Map(this.steps.map(({ step: { id, call: other } }) => [id, other?.name]));
    for (const { id, network } of this.graph.inputs) named.set(id, network.name);
    const values: Values = { ...this.constants };
    for (const source of step.sources) {
      // Not by way of nodes that are no calls, whose values are not at hand.
      const place = call.inputs.indexOf(named.get(source) ?? '');
      if (place === -1) return null;
      values[source] = [inputs[place]];
    }
    try {
      for (const { id, run } of linear) values[id] = run(values);
      const output = tensorOf(step.argument ?? step.id, values);
      return output.shape[0] === inputs[0].shape[0] ? output : null;
    } catch (error) {
      // A shape within the graph may hold for one number of samples only; ops refuse what does not fit by a plain Error.
      // That the memory ran out is another matter.
      if (error instanceof Error && error.constructor === Error) return null;
      throw error;
    }
  }

  dispose(): void {
    tf.dispose(Object.values(this.constants).flat());
  }

  /** Computes every node that depends on no input. Returns why some could not be, by their ids. */
  private computeConstants(operations: ReadonlyMap<string, Operation>): Map<string, string> {
    const { nodes, unordered, weights } = this.graph;
    const failures = new Map(unordered.map(({ id }) => [id, waitsForItself(unordered)]));
    for (const node of nodes) {
      const { id, inputs } = node;
      const saved = weights.get(id);
      const operation = operations.get(id)!;
      if (saved !== undefined) this.constants[id] = [tensorOfWeight(saved)];
      else if (isFlag(node)) this.constants[id] = [tf.scalar(false, 'bool')];
      else if (node.op !== 'Placeholder' && inputs.every((source) => Object.hasOwn(this.constants, nodeOf(source)))) {
        const failure =
          'refused' in operation
            ? sentence(node, operation.refused)
            : withBoundedMemory(() => execute(node, operation.run, this.constants));
        if (failure !== null) failures.set(id, failure);
      }
    }
    return failures;
  }

  /** Weights become variables, so that experiments can change them. */
  private makeVariables(steps: readonly GraphStep[]): void {
    const variables = new Map<tf.Tensor, tf.Variable>();
    for (const { call } of steps) {
      if (call === null) continue;
      call.weights = call.weights.map((weight) => {
        const known = variables.get(weight.value) ?? tf.variable(weight.value);
        variables.set(weight.value, known);
        return { ...weight, value: known };
      });
    }
    for (const [id, values] of Object.entries(this.constants)) {
      this.constants[id] = values.map((value) => variables.get(value) ?? value);
    }
    tf.dispose([...variables.keys()]);
  }
}

function compiledStep(step: GraphStep, compile: Compile): CompiledStep {
  const slot = `${step.id}/argument`;
  const executable = (node: GraphNode): Executable => {
    const operation = compile(node);
    if ('refused' in operation) throw new RangeError(`${node.name} was run before: ${operation.refused}`);
    return { id: node.id, run: operation.run };
  };
  // Not the argument under its own id, which others may read: gradients at this place are those of this call alone.
  const withSlot = (node: GraphNode): GraphNode => ({
    ...node,
    inputs: node.inputs.map((source) => (source === step.argument ? slot : source)),
  });
  return {
    step,
    linear: step.linear.map(executable),
    activation: step.activation.map((node) => executable(withSlot(node))),
    slot,
    reads: readsOf(step),
  };
}

function readsOf({ id, linear, argument, activation, sources }: GraphStep): string[] {
  const consumed = [...linear, ...activation].flatMap(({ inputs }) => inputs);
  return [...new Set([...consumed, ...(argument === null ? [] : [argument]), ...sources, id].map(nodeOf))];
}

function runStep({ step, linear, activation, slot }: CompiledStep, values: Values, observer: TraceObserver): void {
  const { id, call, argument, sources } = step;
  for (const { id: own, run } of linear) values[own] = run(values);
  let other: tf.Tensor | null = null;
  if (call !== null && argument !== null) {
    const z = observer.preActivation(call, tensorOf(argument, values));
    values[slot] = [z];
    other = substituted(observer, call, z) ?? (activation.length === 0 ? z : null);
  }
  if (other !== null) values[id] = [other];
  else for (const { id: own, run } of activation) values[own] = run(values);
  if (call === null || !step.observed) return;
  const [output, ...more] = values[id];
  const inputs = sources.map((source) => tensorOf(source, values));
  values[id] = [observer.output(call, output, inputs), ...more];
}

/** The tensor that `id` or `id:1` refers to. */
const tensorOf = (source: string, values: Values): tf.Tensor =>
  values[nodeOf(source)][Number(/:(\d+)$/.exec(source)?.[1] ?? 0)];

function tensorOfWeight({ values, shape }: SavedWeight): tf.Tensor {
  const dtype = values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'bool';
  return tf.tensor(values, [...shape], dtype);
}
