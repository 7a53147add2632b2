/**
 * Builds a tfjs LayersModel from the definitions of topology.ts.
 *
 * The graph is put together here and not by tfjs' own `fromConfig`, which loops for ever on a graph with a cycle or a
 * missing layer, numbers the calls of shared layers wrongly, and cannot say which layer of the file an error is about.
 */

import {
  layers as tfLayers,
  model as tfModel,
  sequential,
  type Shape,
  type SymbolicTensor,
  type LayersModel,
} from '@tensorflow/tfjs-layers';
import { DiagnosisError } from '../../report/errors';
import type { JsonPath } from '../../report/report';
import { get, printPath, text } from './json';
import { dtypeName } from './layerConfig';
import { createLayer, scopeName } from './layerFactory';
import { OpaqueLayer } from './layers/opaqueLayer';
import { OperationLayer } from './layers/operationLayer';
import { OwnLayer } from './layers/ownLayer';
import { asActivation, constantMerge } from './libraryCall';
import { childLayers, isContainer, type Layer } from './layerFacts';
import {
  type CalledLayer,
  type CallDefinition,
  holdsConstants,
  invalid,
  layerDefinition,
  type LayerDefinition,
  MAXIMUM_NESTING,
  modelDefinition,
  type ModelDefinition,
  type TensorReference,
} from './topology';
import { withGuardedWeights } from './weightGuard';

/** Values per sample that one layer may give out; a hostile file could ask for any number. */
const MAXIMUM_OUTPUT_SIZE = 2 ** 28;
const MAXIMUM_LAYERS = 20_000;

export interface BuiltModel {
  readonly model: LayersModel;
  /** Where each layer is configured, nested and wrapped ones too. */
  readonly paths: ReadonlyMap<Layer, JsonPath>;
}

export interface BuildOptions {
  readonly kerasVersion3: boolean;
  /** Number of values that the file's weights hold in all: no layer may ask for more. */
  readonly savedValues: number;
  readonly notes: string[];
}

/**
 * Builds the model with all weights 0. `path` is where `json` (a serialised model, `{class_name, config}`) stands in
 * the file. Throws `unknown-layer`, `invalid-topology`, `weights-mismatch`.
 */
export function buildModel(json: unknown, path: JsonPath, options: BuildOptions): BuiltModel {
  const definition = layerDefinition(json, path);
  const model = modelDefinition(definition);
  if (model === null) {
    throw invalid(`The topology is a single layer of class ${definition.className}, not a model with layers.`, path);
  }
  const builder = new ModelBuilder(options);
  return withGuardedWeights(options.savedValues, () => ({ model: builder.model(model, 0), paths: builder.paths }));
}

/** Releases every weight. `LayersModel.dispose` of tfjs 4.22.0 forgets those of nested models. */
export function disposeModel(model: LayersModel): void {
  for (const weight of new Set(model.weights)) weight.dispose();
}

class ModelBuilder {
  readonly paths = new Map<Layer, JsonPath>();
  private count = 0;

  constructor(private readonly options: BuildOptions) {}

  model(definition: ModelDefinition, depth: number): LayersModel {
    const { className, path, graph, config } = definition;
    if (depth > MAXIMUM_NESTING) throw invalid(`Models are nested more than ${MAXIMUM_NESTING} deep.`, path);
    this.count += definition.layers.length;
    if (this.count > MAXIMUM_LAYERS) throw invalid(`The network has more than ${MAXIMUM_LAYERS} layers.`, path);
    const built = graph === null ? this.sequential(definition, depth) : this.functional(definition, graph, depth);
    if (config['trainable'] === false) built.trainable = false;
    this.paths.set(built, path);
    if (!['Sequential', 'Model', 'Functional'].includes(className)) {
      this.options.notes.push(
        `The model class "${className}" was read as the ${graph === null ? 'Sequential' : 'functional'} model that it is saved as.`,
      );
    }
    return built;
  }

  /** `saved` is the shape of the layer's output, where the file tells it. */
  private layer(definition: LayerDefinition, depth: number, saved: Shape | null = null): Layer {
    const inner = modelDefinition(definition);
    if (inner !== null) return this.model(inner, depth + 1);
    const layer = createLayer(definition, this.options.kerasVersion3, saved, (child) => {
      if (depth > MAXIMUM_NESTING) throw invalid('Layers wrap each other too deeply.', child.path);
      return this.layer(child, depth + 1);
    });
    this.paths.set(layer, definition.path);
    // Whether an operation is opaque shows when it is called.
    if (layer instanceof OpaqueLayer && !(layer instanceof OperationLayer)) this.noteOpaque(definition);
    // The halves of a Bidirectional are copies of the layer that it wraps.
    for (const half of childLayers(layer)) this.paths.set(half, [...definition.path, 'config', 'layer']);
    return layer;
  }

  /** The layer of a graph, as what it is called on tells. */
  private calledLayer(own: CalledLayer, depth: number, saved: Shape | null): Layer {
    const merge = constantMerge(own, saved);
    if (merge === null) return this.layer(asActivation(own, own.calls), depth, saved);
    this.paths.set(merge, own.path);
    return merge;
  }

  private noteOpaque({ name, className, config }: LayerDefinition): void {
    const operation = text(config['function']) ?? text(get(config['node_def'], 'op')) ?? className;
    this.options.notes.push(
      `The code of the layer "${name}" (${operation}) is not in the file; its input was passed on in place of its output.`,
    );
  }

  private sequential(definition: ModelDefinition, depth: number): LayersModel {
    const { name, path, layers } = definition;
    if (layers.length === 0) throw invalid('The model has no layers.', path);
    const model = sequential({ name });
    let output: SymbolicTensor | null = null;
    for (const [i, own] of layers.entries()) {
      const layer = this.layer(own, depth, asShape(layers[i + 1]?.buildShape));
      const input: SymbolicTensor | null = output;
      if (input === null) {
        const first = layer.getClassName() === 'InputLayer' ? layer : this.inputLayer(layer, own, definition);
        within(own, () => model.add(first));
        if (first === layer) {
          output = model.outputs[0];
          continue;
        }
      }
      // tfjs names the weights after the scope that the layer is built in.
      this.named(layer, () => within(own, () => model.add(layer)));
      checkOutputs(own, model.outputs);
      output = model.outputs[0];
    }
    within(definition, () => model.build());
    return model;
  }

  /** An explicit input for a Sequential that starts without one, so that its first layer is called like any other. */
  private inputLayer(layer: Layer, first: LayerDefinition, model: ModelDefinition): Layer {
    const nested = (layer as Partial<LayersModel>).inputs?.[0];
    const shape = nested?.shape ?? inputShape(first) ?? inputShape(model);
    if (shape === null) {
      throw invalid(`The Sequential model "${model.name}" was saved without the shape of its input.`, model.path);
    }
    const name = nested?.sourceLayer.name ?? `${layer.name}_input`;
    const dtype = dtypeName(nested?.dtype ?? get(first.config, 'dtype'));
    const input = tfLayers.inputLayer({ batchInputShape: shape, name: scopeName(name), dtype });
    input.name = name;
    return input;
  }

  private functional(
    definition: ModelDefinition,
    graph: NonNullable<ModelDefinition['graph']>,
    depth: number,
  ): LayersModel {
    const layers = new Map<string, Layer>();
    const shapes = new Map(
      definition.layers
        .flatMap(({ calls }) => calls.flatMap(({ inputs }) => inputs))
        .map(({ layer, shape }) => [layer, asShape(shape)]),
    );
    for (const own of definition.layers) {
      if (layers.has(own.name)) throw invalid(`Two layers are called "${own.name}".`, own.path);
      const layer = this.calledLayer(own, depth, shapes.get(own.name) ?? null);
      layer.name = own.name;
      layers.set(own.name, layer);
    }
    const outputs = new GraphOutputs(definition, layers);
    const pending = definition.layers.flatMap((own) => own.calls.map((call, i) => ({ own, call, i })));
    for (const own of definition.layers) {
      const layer = layers.get(own.name)!;
      if (own.calls.length === 0 && layer.inboundNodes.length > 0) {
        outputs.set(own.name, 0, layer.inboundNodes[0].outputTensors);
      }
    }
    this.runCalls(pending, layers, outputs);
    const find = (reference: TensorReference): SymbolicTensor =>
      outputs.get(reference) ?? missing(reference, definition);
    return within(definition, () =>
      tfModel({
        inputs: graph.inputs.map(find),
        outputs: graph.outputs.map(find),
        name: definition.name,
      }),
    );
  }

  /** Calls the layers in the order of the file as far as their inputs are there, again and again until all are done. */
  private runCalls(
    pending: readonly { readonly own: CalledLayer; readonly call: CallDefinition; readonly i: number }[],
    layers: ReadonlyMap<string, Layer>,
    outputs: GraphOutputs,
  ): void {
    let waiting = pending;
    while (waiting.length > 0) {
      const still: (typeof waiting)[number][] = [];
      for (const item of waiting) {
        const { own, call, i } = item;
        const inputs = call.inputs.map((reference) => outputs.get(reference));
        // The calls of a shared layer are numbered: a later one must not overtake.
        const ready = inputs.every((tensor) => tensor !== null) && (i === 0 || outputs.has(own.name, i - 1));
        if (!ready) {
          still.push(item);
          continue;
        }
        const layer = layers.get(own.name)!;
        if (!(layer instanceof OpaqueLayer) && holdsConstants(call)) throw withConstants(own);
        const result = this.named(layer, () => within(own, () => callLayer(layer, inputs, call)));
        if (layer instanceof OperationLayer && layer.getClassName() === OpaqueLayer.className && i === 0) {
          this.noteOpaque(own);
        }
        checkOutputs(own, result);
        outputs.set(own.name, i, result);
      }
      if (still.length === waiting.length) {
        const [{ own, call }] = still;
        const lacking = call.inputs.find((reference) => outputs.get(reference) === null);
        throw invalid(
          lacking === undefined || layers.has(lacking.layer)
            ? `The layer "${own.name}" waits for its own output: the graph has a cycle.`
            : `The layer "${own.name}" takes the output of "${lacking.layer}", which is not in the model.`,
          own.path,
        );
      }
      waiting = still;
    }
  }

  /** Runs `build` while the layer has a name that tfjs accepts for its weights; Keras allows any text. */
  private named<T>(layer: Layer, build: () => T): T {
    const { name } = layer;
    layer.name = scopeName(name);
    try {
      return build();
    } finally {
      layer.name = name;
    }
  }
}

/** The outputs of the calls made so far, by the numbers that the file gives the calls. */
class GraphOutputs {
  private readonly done = new Map<string, SymbolicTensor[][]>();
  /** The number of a layer's first call: 1 for nested models in most files, whose call 0 is their own construction. */
  private readonly base = new Map<string, number>();

  constructor(
    definition: ModelDefinition,
    private readonly layers: ReadonlyMap<string, Layer>,
  ) {
    const lowest = new Map<string, number>();
    const all = [
      ...definition.layers.flatMap(({ calls }) => calls.flatMap(({ inputs }) => inputs)),
      ...definition.graph!.inputs,
      ...definition.graph!.outputs,
    ];
    for (const { layer, node } of all) lowest.set(layer, Math.min(node, lowest.get(layer) ?? Infinity));
    for (const [name, layer] of layers) {
      this.base.set(name, isContainer(layer) && (lowest.get(name) ?? 0) > 0 ? 1 : 0);
    }
  }

  private opaque(layer: string): boolean {
    return this.layers.get(layer)?.getClassName() === OpaqueLayer.className;
  }

  set(layer: string, call: number, outputs: SymbolicTensor[]): void {
    const calls = this.done.get(layer) ?? [];
    calls[call] = outputs;
    this.done.set(layer, calls);
  }

  has(layer: string, call: number): boolean {
    return this.done.get(layer)?.[call] !== undefined;
  }

  get({ layer, node, tensor }: TensorReference): SymbolicTensor | null {
    const outputs = this.done.get(layer)?.[node - (this.base.get(layer) ?? 0)];
    // How many outputs an opaque layer has is not known: all are what it passes on.
    return outputs?.[tensor] ?? (this.opaque(layer) ? outputs?.[0] : null) ?? null;
  }
}

function callLayer(layer: Layer, inputs: (SymbolicTensor | null)[], call: CallDefinition): SymbolicTensor[] {
  const tensors = inputs.filter((tensor) => tensor !== null);
  if (layer instanceof OperationLayer) layer.bind(call.bound);
  const options =
    layer instanceof OwnLayer ? { ...call.options, keywords: call.keywords, bound: call.bound } : { ...call.options };
  const result = layer.apply(tensors.length === 1 ? tensors[0] : tensors, options);
  return (Array.isArray(result) ? result : [result]) as SymbolicTensor[];
}

const withConstants = ({ name, className, path }: LayerDefinition): DiagnosisError =>
  new DiagnosisError(
    'unsupported-format',
    `The layer "${name}" of class ${className} is called with a constant tensor, which is not read for layers of this class.`,
    printPath(path),
    'Make the constant a weight or an input of the model, and save it again.',
  );

function checkOutputs({ name, path }: LayerDefinition, outputs: readonly SymbolicTensor[]): void {
  for (const { shape } of outputs) {
    const size = shape.reduce<number>((product, dim) => product * Math.abs(dim ?? 1), 1);
    if (!(size <= MAXIMUM_OUTPUT_SIZE) || shape.some((dim) => dim !== null && dim < 0)) {
      throw invalid(
        `The layer "${name}" would give out tensors of shape [${shape.map((dim) => dim ?? '?').join(', ')}].`,
        path,
      );
    }
  }
}

function missing({ layer, node, tensor }: TensorReference, { path }: ModelDefinition): never {
  throw invalid(`There is no output ${tensor} of call ${node} of a layer "${layer}".`, path);
}

/** Says of an error that tfjs throws which layer it is about. */
function within<T>({ name, className, path }: LayerDefinition, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof DiagnosisError) throw error;
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0];
    throw invalid(`The layer "${name}" of class ${className} cannot be built: ${why}`, path, { cause: error });
  }
}

/** `[batch, ...]`, from any of the places where Keras generations keep it. */
function inputShape({ config, buildShape }: LayerDefinition): Shape | null {
  const { batch_input_shape: first, batch_shape: second, input_shape: sample } = config;
  const withBatch = Array.isArray(sample) ? [null, ...(sample as unknown[])] : null;
  return asShape(first) ?? asShape(second) ?? asShape(buildShape) ?? asShape(withBatch);
}

function asShape(value: unknown): Shape | null {
  const list = get(value, 'class_name') === '__tuple__' ? get(value, 'items') : value;
  return Array.isArray(list) && list.every((dim) => dim === null || Number.isInteger(dim)) ? (list as Shape) : null;
}
