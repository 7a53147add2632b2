/**
 * The topology of a Keras network as JSON, of any generation from Keras 1 to Keras 3, as plain definitions: which
 * layers, with which configurations, called on which outputs. What the configurations mean is layerConfig.ts's matter.
 */

import { DiagnosisError } from '../../report/errors';
import type { JsonPath } from '../../report/report';
import { get, isRecord, type JsonRecord, printPath, text } from './json';
import { keras2Layer, mergedModels } from './keras1';

/** Models nested deeper than this are refused; real ones stay below 5. */
export const MAXIMUM_NESTING = 32;

export interface LayerDefinition {
  readonly className: string;
  readonly name: string;
  readonly config: JsonRecord;
  /** Of the layer's own JSON object, `config` and all. */
  readonly path: JsonPath;
  /** Where its layers stand, if it is a model. */
  readonly layersPath: JsonPath;
  /** What Keras 3 saved besides: the shape of the input that the layer was built for. */
  readonly buildShape: unknown;
  /** The module that Keras 3 saved with the class. */
  readonly module: string | null;
  /** Whether the class is the author's own, so that its code is not known, whatever it is called. */
  readonly custom: boolean;
}

export interface ModelDefinition extends LayerDefinition {
  readonly layers: readonly CalledLayer[];
  /** Null for a Sequential, whose layers follow each other. */
  readonly graph: { readonly inputs: readonly TensorReference[]; readonly outputs: readonly TensorReference[] } | null;
}

export interface CalledLayer extends LayerDefinition {
  /** Empty in a Sequential. */
  readonly calls: readonly CallDefinition[];
}

export interface CallDefinition {
  /** Every tensor that the call consumes: positional arguments first, then those passed by name. */
  readonly inputs: readonly TensorReference[];
  /** The names of the arguments that the inputs are passed as, null for positional ones; parallel to `inputs`. */
  readonly keywords: readonly (string | null)[];
  /** Arguments that are not tensors. */
  readonly options: JsonRecord;
  /** The same arguments as the call lists them, for calls of library functions. */
  readonly bound: BoundArguments;
}

/** Stands in `BoundArguments` for input number `index` of the call. */
export class TensorArgument {
  constructor(readonly index: number) {}
}

/** Values of JSON, with a `TensorArgument` for every tensor. */
export interface BoundArguments {
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** Output `tensor` of the call number `node` of a layer. */
export interface TensorReference {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
  /** The tensor's shape with the batch, where the file tells it (Keras 3). */
  readonly shape: unknown;
}

/** The layer or model that a serialised `{class_name, config}` describes. */
export function layerDefinition(json: unknown, path: JsonPath): LayerDefinition {
  const className = text(get(json, 'class_name'));
  const config = get(json, 'config');
  if (className === null || !(isRecord(config) || Array.isArray(config))) {
    throw invalid('There is no layer: "class_name" and "config" are expected.', path);
  }
  // Keras 1, Keras 2.0 and tfjs 0.x write a Sequential's layers as its whole configuration.
  const record = Array.isArray(config) ? { layers: config as unknown } : config;
  const module = text(get(json, 'module'));
  return {
    ...keras2Layer({ className: className.split('>').pop()!, config: record }, path),
    name: text(get(record, 'name')) ?? text(get(json, 'name')) ?? nameOf(className, path),
    path,
    layersPath: Array.isArray(config) ? [...path, 'config'] : [...path, 'config', 'layers'],
    buildShape: get(get(json, 'build_config'), 'input_shape') ?? get(record, 'build_input_shape'),
    module,
    custom: isCustom(className, module, text(get(json, 'registered_name'))),
  };
}

/** A name for what has none, the same in every run: `sequential`, or `sequential_2` for the second layer of a list. */
function nameOf(className: string, path: JsonPath): string {
  const position = path[path.length - 1];
  return className.toLowerCase() + (typeof position === 'number' ? `_${position + 1}` : '');
}

/** Classes that are registered by their author are saved as `package>Name` (Keras 2), or with their module (Keras 3). */
function isCustom(className: string, module: string | null, registeredName: string | null): boolean {
  const [first, ...rest] = className.split('>');
  if (rest.length > 0) return first !== 'Addons';
  return module === null
    ? registeredName !== null && registeredName.includes('>')
    : !/^(?:tf_)?keras(?:\.|$)|^tensorflow\.|^builtins$/.test(module);
}

/** The definition as a model if it has layers of its own, else null. */
export function modelDefinition(definition: LayerDefinition): ModelDefinition | null {
  const { className, config, path, layersPath } = definition;
  const layers = config['layers'];
  if (!Array.isArray(layers)) return null;
  // A layer of the author's own may keep a list of that name too.
  if (!['Sequential', 'Model', 'Functional'].includes(className) && !('input_layers' in config)) return null;
  const sequential = config['input_layers'] === undefined;
  if (sequential && mergedModels(layers[0]) !== null) return branchedModel(definition, layers);
  return {
    ...definition,
    layers: layers.map((layer: unknown, i): CalledLayer => {
      const layerPath = [...layersPath, i];
      const own = layerDefinition(layer, layerPath);
      const calls = sequential ? [] : inboundCalls(get(layer, 'inbound_nodes'), [...layerPath, 'inbound_nodes']);
      // The graph refers to layers by the name beside their configuration.
      return { ...own, name: (sequential ? null : text(get(layer, 'name'))) ?? own.name, calls };
    }),
    graph: sequential
      ? null
      : {
          inputs: references(config['input_layers'], [...path, 'config', 'input_layers']),
          outputs: references(config['output_layers'], [...path, 'config', 'output_layers']),
        },
  };
}

/** A Sequential of Keras 1 that begins with a Merge of other models, as the graph that it is. */
function branchedModel(definition: LayerDefinition, layers: readonly unknown[]): ModelDefinition {
  const graph = new BranchedGraph();
  const last = graph.chain(layers, definition.layersPath, 0);
  return { ...definition, layers: graph.layers, graph: { inputs: graph.inputs, outputs: [outputOf(last)] } };
}

const outputOf = (layer: string): TensorReference => ({ layer, node: 0, tensor: 0, shape: null });

/** The layers of all branches beside each other, as Keras 1 keeps their weights; every branch has an input of its own. */
class BranchedGraph {
  readonly layers: CalledLayer[] = [];
  readonly inputs: TensorReference[] = [];

  /** Adds layers that follow each other. Returns the name of the last. */
  chain(layers: readonly unknown[], path: JsonPath, depth: number): string {
    if (depth > MAXIMUM_NESTING) throw invalid(`Models are nested more than ${MAXIMUM_NESTING} deep.`, path);
    let last: string | null = null;
    for (const [i, json] of layers.entries()) {
      const own = layerDefinition(json, [...path, i]);
      last = this.add(own, last === null ? this.start(own, mergedModels(json), depth) : [last]);
    }
    if (last === null) throw invalid('The model has no layers.', path);
    return last;
  }

  /** Adds what the first layer of a chain is called on: its branches, or an input. */
  private start(first: LayerDefinition, branches: readonly unknown[] | null, depth: number): string[] {
    const { className, config, name } = first;
    if (branches === null) return className === 'InputLayer' ? [] : [this.input(`${name}_input`, config, first)];
    return branches.map((json, i) => this.branch(json, [...first.path, 'config', 'layers', i], depth + 1));
  }

  private branch(json: unknown, path: JsonPath, depth: number): string {
    const own = layerDefinition(json, path);
    const layers = own.config['layers'];
    if (own.className === 'Sequential' && Array.isArray(layers)) return this.chain(layers, own.layersPath, depth);
    const model = modelDefinition(own);
    if (model?.graph == null) return this.add(own, this.start(own, null, depth));
    const inputs = model.graph.inputs.map(({ layer }) => {
      const inner = model.layers.find(({ name }) => name === layer);
      return this.input(`${own.name}_${layer}`, inner?.config ?? {}, own);
    });
    return this.add(own, inputs);
  }

  private input(name: string, { batch_input_shape, dtype }: JsonRecord, { path }: LayerDefinition): string {
    const config = { name, batch_input_shape, ...(dtype === undefined ? {} : { dtype }) };
    return this.add(layerDefinition({ class_name: 'InputLayer', config }, path), []);
  }

  private add(own: LayerDefinition, from: readonly string[]): string {
    const call = new CallCollector();
    for (const layer of from) call.bound.positional.push(call.add(outputOf(layer), null));
    this.layers.push({ ...own, calls: from.length === 0 ? [] : [call] });
    if (from.length === 0) this.inputs.push(outputOf(own.name));
    return own.name;
  }
}

function inboundCalls(nodes: unknown, path: JsonPath): CallDefinition[] {
  if (nodes === undefined || nodes === null) return [];
  if (!Array.isArray(nodes)) throw invalid('A list of inbound nodes is expected.', path);
  return nodes.map((node: unknown, i) =>
    isRecord(node) && 'args' in node ? keras3Call(node) : keras2Call(node, [...path, i]),
  );
}

class CallCollector {
  readonly inputs: TensorReference[] = [];
  readonly keywords: (string | null)[] = [];
  readonly options: Record<string, unknown> = {};
  readonly bound: { positional: unknown[]; named: Record<string, unknown> } = { positional: [], named: {} };

  add(reference: TensorReference, keyword: string | null): TensorArgument {
    this.keywords.push(keyword);
    return new TensorArgument(this.inputs.push(reference) - 1);
  }

  /** Takes an argument passed by name: tensors, or a value. `read` tells tensors from JSON. */
  named(key: string, value: unknown, read: (value: unknown) => TensorReference | null): void {
    if (key === '__proto__') return;
    const before = this.inputs.length;
    this.bound.named[key] = this.bind(value, key, read);
    if (this.inputs.length === before && value !== null) this.options[key] = value;
  }

  /** The value with its tensors replaced and taken as inputs. */
  bind(value: unknown, keyword: string | null, read: (value: unknown) => TensorReference | null, depth = 0): unknown {
    const reference = read(value);
    if (reference !== null) return this.add(reference, keyword);
    if (depth > MAXIMUM_NESTING) return null;
    const inner = (item: unknown): unknown => this.bind(item, keyword, read, depth + 1);
    if (Array.isArray(value)) return value.map(inner);
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inner(item)]));
  }
}

/** Whether some argument of the call is a constant tensor: numbers in lists, or beside tensors among its inputs. */
export function holdsConstants({ bound }: CallDefinition): boolean {
  const isTensor = (value: unknown): boolean =>
    CONSTANTS.has(String(get(value, 'class_name'))) ||
    (Array.isArray(value) && value.some((item) => typeof item === 'number' || isTensor(item)));
  const positional = bound.positional.some((value) => typeof value === 'number' || isTensor(value));
  return positional || Object.values(bound.named).some(isTensor);
}

/** What Keras 3 writes constant tensors and arrays as. */
const CONSTANTS = new Set(['__tensor__', '__numpy__']);

/** The value of a constant in a saved call, nested lists of numbers; other values as they are. */
export const constantValue = (value: unknown): unknown =>
  CONSTANTS.has(String(get(value, 'class_name'))) ? get(get(value, 'config'), 'value') : value;

/** `{args, kwargs}`, with tensors as `{class_name: '__keras_tensor__', config: {keras_history: [layer, node, tensor]}}`. */
function keras3Call(node: JsonRecord): CallDefinition {
  const call = new CallCollector();
  const { args, kwargs } = node;
  for (const item of Array.isArray(args) ? args : [args]) {
    call.bound.positional.push(call.bind(item, null, kerasTensor));
  }
  for (const [key, value] of Object.entries(isRecord(kwargs) ? kwargs : {})) call.named(key, value, kerasTensor);
  return call;
}

function kerasTensor(value: unknown): TensorReference | null {
  if (get(value, 'class_name') !== '__keras_tensor__') return null;
  const reference = asReference(get(get(value, 'config'), 'keras_history'));
  return reference === null ? null : { ...reference, shape: get(get(value, 'config'), 'shape') };
}

/** What stands in place of a layer's name where the first argument of a Keras 2 call holds a constant. */
const CONSTANT = '_CONSTANT_VALUE';

/** `[[layer, node, tensor, kwargs], …]`; a call on a single tensor may lack the outer list. */
function keras2Call(node: unknown, path: JsonPath): CallDefinition {
  const call = new CallCollector();
  const named = (options: unknown): void => {
    // Every tensor of the first argument repeats the arguments by name.
    for (const [key, item] of Object.entries(isRecord(options) ? options : {})) {
      if (!Object.hasOwn(call.bound.named, key)) call.named(key, item, asReference);
    }
  };
  const visit = (value: unknown, depth: number): void => {
    const reference = asReference(value);
    if (reference !== null) {
      call.bound.positional.push(call.add(reference, null));
      named((value as unknown[])[3]);
    } else if (Array.isArray(value) && value[0] === CONSTANT && value[1] === -1) {
      call.bound.positional.push(value[2]);
      named(value[3]);
    } else if (depth > MAXIMUM_NESTING) {
      throw invalid('The inbound node is nested too deeply.', path);
    } else if (Array.isArray(value)) {
      for (const item of value) visit(item, depth + 1);
    } else if (isRecord(value)) {
      for (const item of Object.values(value)) visit(item, depth + 1);
    } else {
      throw invalid('An inbound node is expected to be [layer, node index, tensor index].', path);
    }
  };
  visit(node, 0);
  return call;
}

function asReference(value: unknown): TensorReference | null {
  if (!Array.isArray(value)) return null;
  const [layer, node, tensor] = value as unknown[];
  if (typeof layer !== 'string' || !isIndex(node) || !isIndex(tensor)) return null;
  return { layer, node, tensor, shape: null };
}

const isIndex = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

/** The inputs or outputs of a functional model: one reference, a list, or a dictionary of them. */
function references(value: unknown, path: JsonPath): TensorReference[] {
  const collect = (item: unknown, depth: number): TensorReference[] => {
    const reference = asReference(item);
    if (reference !== null) return [reference];
    if (depth > MAXIMUM_NESTING) return [];
    if (Array.isArray(item)) return item.flatMap((inner) => collect(inner, depth + 1));
    return isRecord(item) ? Object.values(item).flatMap((inner) => collect(inner, depth + 1)) : [];
  };
  const found = collect(value, 0);
  if (found.length === 0) throw invalid('A list of [layer, node index, tensor index] is expected.', path);
  return found;
}

export function invalid(message: string, path: JsonPath, options?: ErrorOptions): DiagnosisError {
  return new DiagnosisError(
    'invalid-topology',
    message,
    path.length === 0 ? null : printPath(path),
    'Save or convert the model again with a current version of Keras or TensorFlow.js.',
    options,
  );
}
