/**
 * A tfjs LayersModel as a `Network`: runs the graph of nodes itself, one layer call after the other, so that every call
 * has a name, its inputs are known, and the observer sees the arguments of the activations.
 *
 * Leans on internals of tfjs-layers 4.22.0: `Container.nodesByDepth`, `Node.inputTensors/outputTensors/outboundLayer`,
 * `Sequential.model`, and the `activation` objects of layers and recurrent cells.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { DiagnosisError } from '../../report/errors';
import type { JsonPath, ModelSummary } from '../../report/report';
import {
  activationOf,
  blindSpotsOf,
  childLayers,
  forgetStates,
  hasUnits,
  hookActivation,
  hookCalls,
  hookSteps,
  isActivationLayer,
  isContainer,
  endsInActivation,
  isRecurrent,
  type Layer,
  unitAxisOf,
  weightsOf,
} from './layerFacts';
import { onSamples, SHAPE_ONLY } from './layers/timeDistributed';
import { Lifetimes } from './lifetimes';
import { disposeModel } from './modelBuilder';
import type { LayerCall, Network, NetworkInput, TracedOutput, TraceObserver, Weight } from './network';
import { networkInputs } from './networkInputs';
import { runRecurrent, runStep } from './recurrence';
import { substituted } from './substitution';

/** A loaded model with what its file says about it. */
export interface LoadedLayersModel {
  /** Owned by the network from here on: its activations are replaced by observed ones. */
  readonly model: LayersModel;
  readonly summary: ModelSummary;
  /** Where the layer is configured in the model's JSON. */
  jsonPath(layer: Layer): JsonPath | null;
}

/** What tfjs-layers keeps on its containers but does not declare as public. */
interface GraphNode {
  readonly outboundLayer: Layer;
  readonly inputTensors: SymbolicTensor[];
  readonly outputTensors: SymbolicTensor[];
  readonly callArgs: Record<string, unknown> | null;
}
interface Graph {
  readonly inputs: SymbolicTensor[];
  readonly outputs: SymbolicTensor[];
  readonly nodesByDepth: Record<string, GraphNode[]>;
}

type MutableCall = { -readonly [K in keyof LayerCall]: LayerCall[K] };

interface Run {
  readonly observer: TraceObserver;
  /** Whether only the shapes of tensors count. */
  readonly dry: boolean;
  /** Name of the call (or model input) that produced a tensor, by the tensor's id. */
  readonly origins: Map<number, string>;
  readonly counts: Map<string, number>;
  /** Steps that recurrent layers have made. */
  readonly steps: Map<MutableCall, number>;
  /** The leaf call whose layer is being executed. */
  active: MutableCall | null;
  /** Whether its input has a mask. */
  masked: boolean;
}

/** A tensor with the mask of its time steps, if it has one. */
interface Masked {
  readonly tensor: tf.Tensor;
  readonly mask: tf.Tensor | null;
}

export class LayersNetwork implements Network {
  readonly summary: ModelSummary;
  readonly inputs: readonly NetworkInput[];
  readonly differentiable = null;
  private readonly model: LayersModel;
  private readonly byName = new Map<string, MutableCall>();
  private readonly layers = new Map<string, Layer>();
  /** Calls whose shapes and edges are known. */
  private readonly described = new Set<LayerCall>();
  private readonly weights = new Map<Layer, readonly Weight[]>();
  private run: Run | null = null;

  constructor(private readonly loaded: LoadedLayersModel) {
    this.model = loaded.model;
    this.summary = loaded.summary;
    this.inputs = networkInputs(this.model);
    this.prepare(this.model);
    this.dryRun();
  }

  get calls(): readonly LayerCall[] {
    return [...this.byName.values()];
  }

  trace(inputs: readonly tf.Tensor[], observer: TraceObserver, dry = false): TracedOutput[] {
    const run = newRun(observer, dry);
    inputs.forEach((tensor, i) => run.origins.set(tensor.id, this.inputs[i].name));
    this.run = run;
    try {
      const unmasked = inputs.map((tensor) => ({ tensor, mask: null }));
      return this.runContainer(this.model, unmasked, '').map(({ tensor }) => ({
        tensor,
        call: this.byName.get(run.origins.get(tensor.id) ?? '') ?? null,
      }));
    } finally {
      this.run = null;
    }
  }

  execute(call: LayerCall, inputs: readonly tf.Tensor[]): tf.Tensor {
    const layer = this.layers.get(call.name);
    const own = this.byName.get(call.name);
    if (layer === undefined || own === undefined) throw new RangeError(`No layer call is named "${call.name}".`);
    const outer = this.run;
    this.run = { ...newRun(WITHOUT_ACTIVATION, false), active: own };
    try {
      const outputs = layer.apply(inputs.length === 1 ? inputs[0] : [...inputs], { training: false });
      return [outputs as tf.Tensor | tf.Tensor[]].flat()[0];
    } finally {
      this.run = outer;
    }
  }

  dispose(): void {
    disposeModel(this.model);
  }

  /** Makes every activation of the model report its argument to the run in progress. */
  private prepare(container: Layer): void {
    for (const layer of (container as LayersModel).layers) {
      if (isContainer(layer)) {
        this.prepare(layer);
        continue;
      }
      forgetStates(layer);
      // Penalties on activities belong to training; tfjs refuses to run with them outside of it.
      (layer as { activityRegularizer?: unknown }).activityRegularizer = null;
      hookActivation(layer, (z, plain) => {
        const { observer, active } = this.run ?? {};
        if (!observer || !active) return plain(z);
        return onSamples(layer, z, (own) => {
          const argument = observer.preActivation(active, own);
          return substituted(observer, active, argument) ?? plain(argument);
        });
      });
      hookSteps(layer, (inputs, plain) => this.step(inputs, plain));
      hookCalls(layer, (recurrent, inputs, options, plain) => this.recur(recurrent, inputs, options) ?? plain());
    }
  }

  /** A call of a recurrent layer as a whole; null where it has to go step by step. */
  private recur(layer: Layer, inputs: tf.Tensor | tf.Tensor[], options: Record<string, unknown>) {
    const { observer, active } = this.run ?? {};
    if (!observer || !active) return null;
    const outputs = runRecurrent(layer, inputs, options, active, observer);
    if (outputs !== null) active.recurrence = 'whole';
    return outputs;
  }

  /** One step of a recurrent layer that goes step by step. */
  private step(inputs: readonly tf.Tensor[], plain: (inputs: tf.Tensor[]) => tf.Tensor[]): tf.Tensor[] {
    const { observer, active, masked, steps } = this.run ?? {};
    if (!observer || !active || masked || !steps) return plain([...inputs]);
    const index = steps.get(active) ?? 0;
    steps.set(active, index + 1);
    return runStep(inputs, plain, active, index, observer);
  }

  /** Fills in what only a run can tell: shapes, graph edges, roles. Uses one sample of zeros. */
  private dryRun(): void {
    tf.tidy(() => {
      const zeros = this.inputs.map(({ shape, dtype, batchSize }) => tf.zeros([batchSize ?? 1, ...shape], dtype));
      const outputs = this.trace(zeros, UNOBSERVED, true);
      const consumed = new Set(this.calls.flatMap(({ inputs }) => inputs));
      // A layer that is shown as an output and consumed as well is a hidden layer.
      for (const { call } of outputs) if (call !== null && !consumed.has(call.name)) this.markOutput(call);
    });
  }

  /** An output, and the layers before it as long as only activations and reshapings follow: the head, which is judged apart. */
  private markOutput(call: LayerCall | null): void {
    const own = call === null ? undefined : this.byName.get(call.name);
    if (own === undefined || own.role === 'output') return;
    if (own.role === 'hidden') own.role = 'output';
    const passesOn = own.structural || isActivationLayer(own.className);
    if (passesOn && own.inputs.length === 1) this.markOutput(this.byName.get(own.inputs[0]) ?? null);
  }

  /** Masks travel into nested models and out of them, as in Keras. What nothing reads any more is released on the way. */
  private runContainer(container: Layer, inputs: readonly Masked[], prefix: string): Masked[] {
    const graph = graphOf(container);
    const values = new Map<number, Masked>();
    graph.inputs.forEach((symbolic, i) => values.set(symbolic.id, inputs[i]));
    const nodes = nodesInOrder(graph);
    const tensors = new Lifetimes(
      nodes.flatMap(({ inputTensors }) => inputTensors),
      graph.outputs,
      new Set(inputs.map(({ tensor }) => tensor)),
    );
    for (const node of nodes) {
      const layer = node.outboundLayer;
      const consumed = node.inputTensors.map(({ id }) => values.get(id));
      if (!consumed.every((value) => value !== undefined)) continue;
      const name = prefix + layer.name;
      const outputs = isContainer(layer)
        ? this.runContainer(layer, consumed, `${name}/`)
        : this.runLeaf(layer, consumed, node.callArgs, name);
      node.outputTensors.forEach((symbolic, i) => {
        values.set(symbolic.id, outputs[i]);
        tensors.written(symbolic, outputs[i].tensor);
      });
      for (const { tensor } of consumed) tensors.read(tensor);
    }
    return graph.outputs.map(({ id, name }) => {
      const value = values.get(id);
      if (value === undefined) {
        throw new DiagnosisError(
          'invalid-topology',
          `The output "${name}" is not connected to the inputs.`,
          container.name,
        );
      }
      return value;
    });
  }

  private runLeaf(
    layer: Layer,
    consumed: readonly Masked[],
    callArgs: Record<string, unknown> | null,
    name: string,
  ): Masked[] {
    const inputs = consumed.map(({ tensor }) => tensor);
    const masks = consumed.map(({ mask }) => mask);
    // Initial states of a recurrent layer, which tfjs notes there, are among the inputs.
    const kwargs: Record<string, unknown> = { ...callArgs, initialState: undefined, training: false };
    if (this.run!.dry && layer.getClassName() === 'TimeDistributed') kwargs[SHAPE_ONLY] = true;
    this.run!.masked = masks.some((mask) => mask !== null);
    // Attention wants the mask of each input; everything else has one input that can be masked, its first.
    if (this.run!.masked) {
      kwargs['mask'] = /Attention$/.test(layer.getClassName()) && masks.length > 1 ? masks : masks[0];
    }
    const outputs = this.observed(layer, name, inputs, (given) => {
      const children = this.observeChildren(layer, name);
      try {
        return layer.apply(given.length === 1 ? given[0] : given, kwargs) as tf.Tensor | tf.Tensor[];
      } finally {
        children.forEach((restore) => restore());
      }
    });
    const mask = maskOf(layer, inputs, masks);
    return outputs.map((tensor) => ({ tensor, mask }));
  }

  /** Executes one layer call with the observer looking on; returns all outputs, of which the first is observed. */
  private observed(
    layer: Layer,
    name: string,
    inputs: readonly tf.Tensor[],
    execute: (inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  ): tf.Tensor[] {
    const run = this.run!;
    const count = (run.counts.get(name) ?? 0) + 1;
    run.counts.set(name, count);
    const call = this.callNamed(count === 1 ? name : `${name}#${count}`, layer);
    const outer = run.active;
    run.active = call;
    try {
      const result = takesArgument(call) ? this.activate(call, inputs[0], execute) : execute([...inputs]);
      const [first, ...rest] = Array.isArray(result) ? result : [result];
      // A layer may hand its input through; the observer must be able to tell the two apart.
      const own = inputs.includes(first) ? first.clone() : first;
      this.describeRun(call, own, inputs);
      const outputs = [run.observer.output(call, own, inputs), ...rest];
      for (const tensor of outputs) run.origins.set(tensor.id, call.name);
      return outputs;
    } finally {
      run.active = outer;
    }
  }

  /** The call of a layer that is nothing but an activation: its argument is its input. */
  private activate(call: LayerCall, z: tf.Tensor, execute: (inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[]) {
    const { observer } = this.run!;
    const argument = observer.preActivation(call, z);
    return substituted(observer, call, argument) ?? execute([argument]);
  }

  /** Bidirectional layers call their two halves themselves: each becomes a call of its own, which the layer consumes. */
  private observeChildren(layer: Layer, name: string): (() => void)[] {
    return childLayers(layer).map((child) => {
      const plain = child.call.bind(child);
      const { call } = child as { call: unknown };
      child.call = (inputs, kwargs) => {
        const list = Array.isArray(inputs) ? inputs : [inputs];
        const outer = this.run!.active;
        const outputs = this.observed(child, `${name}/${child.name}`, list, () => plain(inputs, kwargs));
        const own = this.byName.get(this.run!.origins.get(outputs[0].id) ?? '');
        if (own !== undefined && outer !== null) {
          own.jsonPath ??= outer.jsonPath;
          if (!this.described.has(outer)) outer.inputs = [...outer.inputs, own.name];
        }
        return outputs.length === 1 ? outputs[0] : outputs;
      };
      return () => void Object.assign(child, { call });
    });
  }

  private callNamed(name: string, layer: Layer): MutableCall {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    let weights = this.weights.get(layer);
    if (weights === undefined) this.weights.set(layer, (weights = weightsOf(layer)));
    const call: MutableCall = {
      name,
      className: layer.getClassName(),
      inputs: [],
      activation: activationOf(layer),
      units: null,
      unitAxis: unitAxisOf(layer),
      outputShape: [],
      parameters: weights.reduce((sum, { value }) => sum + value.size, 0),
      trainable: layer.trainable,
      role: layer.getClassName() === 'OpaqueLayer' ? 'opaque' : 'hidden',
      jsonPath: this.loaded.jsonPath(layer),
      weights,
      structural: !hasUnits(layer),
      recurrence: isRecurrent(layer) ? 'stepwise' : null,
      endsInActivation: endsInActivation(layer),
      unknown: blindSpotsOf(layer),
    };
    this.byName.set(name, call);
    this.layers.set(name, layer);
    return call;
  }

  /** On the dry run, writes down the shape of the output and where the inputs come from. */
  private describeRun(call: MutableCall, output: tf.Tensor, inputs: readonly tf.Tensor[]): void {
    if (this.described.has(call)) return;
    this.described.add(call);
    const { origins } = this.run!;
    call.outputShape = output.shape.slice(1);
    if (call.inputs.length === 0) call.inputs = inputs.flatMap(({ id }) => origins.get(id) ?? []);
    // In execution order: after the layers that it has called itself.
    this.byName.delete(call.name);
    this.byName.set(call.name, call);
    const before = this.byName.get(call.inputs[0] ?? '');
    const elementwise = isActivationLayer(call.className) || call.structural;
    // An elementwise layer keeps the axis of its units where its input had it.
    if (elementwise && before !== undefined && before.outputShape.length === call.outputShape.length) {
      call.unitAxis = before.unitAxis;
    }
    if (!call.structural) call.units = output.shape[call.unitAxis === 1 ? 1 : output.rank - 1];
  }
}

function newRun(observer: TraceObserver, dry: boolean): Run {
  return { observer, dry, origins: new Map(), counts: new Map(), steps: new Map(), active: null, masked: false };
}

const UNOBSERVED: TraceObserver = { preActivation: (_call, z) => z, output: (_call, a) => a };
const WITHOUT_ACTIVATION: TraceObserver = { ...UNOBSERVED, substitute: () => 'linear' };

/** Whether the call is an activation layer that has no activation object to observe: its argument is its input. */
const takesArgument = (call: LayerCall): boolean =>
  isActivationLayer(call.className) && call.className !== 'Activation';

function graphOf(container: Layer): Graph {
  // A Sequential keeps its graph in a model of its own.
  const { model } = container as { model?: unknown };
  return (model ?? container) as Graph;
}

function nodesInOrder({ nodesByDepth }: Graph) {
  const depths = Object.keys(nodesByDepth)
    .map(Number)
    .sort((a, b) => b - a);
  const nodes = depths.flatMap((depth) => nodesByDepth[depth]);
  return nodes.filter(({ outboundLayer }) => outboundLayer.getClassName() !== 'InputLayer');
}

function maskOf(layer: Layer, inputs: tf.Tensor[], masks: (tf.Tensor | null)[]): tf.Tensor | null {
  if (!layer.supportsMasking) return null;
  const [input, mask] = inputs.length === 1 ? [inputs[0], masks[0]] : [inputs, masks];
  const computed = layer.computeMask(input, mask as tf.Tensor | tf.Tensor[]) as tf.Tensor | tf.Tensor[] | null;
  return [computed].flat()[0] ?? null;
}
