/**
 * The topology of a Keras network as JSON, of any generation from Keras 2.0 to Keras 3, as plain definitions: which
 * layers, with which configurations, called on which outputs. What the configurations mean is layerConfig.ts's matter.
 */

import { DiagnosisError } from '../../report/errors';
import type { JsonPath } from '../../report/report';
import { get, isRecord, type JsonRecord, printPath, text } from './json';

/** Models nested deeper than this are refused; real ones stay below 5. */
export const MAXIMUM_NESTING = 32;

export interface LayerDefinition {
  readonly className: string;
  readonly name: string;
  readonly config: JsonRecord;
  /** Of the layer's own JSON object, `config` and all. */
  readonly path: JsonPath;
  /** What Keras 3 saved besides: the shape of the input that the layer was built for. */
  readonly buildShape: unknown;
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
  // Keras 2.0 and tfjs 0.x write a Sequential's layers as its whole configuration.
  const record = isRecord(config) ? config : {};
  return {
    className: className.split('>').pop()!,
    name: text(get(record, 'name')) ?? text(get(json, 'name')) ?? nameOf(className, path),
    config: Array.isArray(config) ? { layers: config } : record,
    path,
    buildShape: get(get(json, 'build_config'), 'input_shape') ?? get(record, 'build_input_shape'),
    custom: isCustom(className, text(get(json, 'module')), text(get(json, 'registered_name'))),
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
export function modelDefinition(definition: LayerDefinition, json: unknown): ModelDefinition | null {
  const { className, config, path } = definition;
  const layers = config['layers'];
  if (!Array.isArray(layers)) return null;
  // A layer of the author's own may keep a list of that name too.
  if (!['Sequential', 'Model', 'Functional'].includes(className) && !('input_layers' in config)) return null;
  const bare = Array.isArray(get(json, 'config'));
  const layersPath = bare ? [...path, 'config'] : [...path, 'config', 'layers'];
  const sequential = config['input_layers'] === undefined;
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

  add(reference: TensorReference, keyword: string | null): void {
    this.inputs.push(reference);
    this.keywords.push(keyword);
  }

  /** Takes an argument passed by name: tensors, or a value. */
  named(key: string, value: unknown, find: (value: unknown) => readonly TensorReference[]): void {
    const tensors = find(value);
    if (tensors.length > 0) for (const tensor of tensors) this.add(tensor, key);
    else if (value !== null && key !== '__proto__') this.options[key] = value;
  }
}

/** `{args, kwargs}`, with tensors as `{class_name: '__keras_tensor__', config: {keras_history: [layer, node, tensor]}}`. */
function keras3Call(node: JsonRecord): CallDefinition {
  const call = new CallCollector();
  for (const tensor of kerasTensors(node['args'])) call.add(tensor, null);
  for (const [key, value] of Object.entries(isRecord(node['kwargs']) ? node['kwargs'] : {})) {
    call.named(key, value, kerasTensors);
  }
  return call;
}

function kerasTensors(value: unknown, depth = 0): TensorReference[] {
  if (depth > MAXIMUM_NESTING) return [];
  if (Array.isArray(value)) return value.flatMap((item) => kerasTensors(item, depth + 1));
  if (!isRecord(value)) return [];
  if (value['class_name'] === '__keras_tensor__') {
    const reference = asReference(get(value['config'], 'keras_history'));
    return reference === null ? [] : [{ ...reference, shape: get(value['config'], 'shape') }];
  }
  return Object.values(value).flatMap((item) => kerasTensors(item, depth + 1));
}

/** `[[layer, node, tensor, kwargs], …]`; a call on a single tensor may lack the outer list. */
function keras2Call(node: unknown, path: JsonPath): CallDefinition {
  const call = new CallCollector();
  const visit = (value: unknown, depth: number): void => {
    const reference = asReference(value);
    if (reference !== null) {
      call.add(reference, null);
      const options = (value as unknown[])[3];
      for (const [key, item] of Object.entries(isRecord(options) ? options : {})) call.named(key, item, listedTensors);
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

/** The tensors in a named argument of Keras 2: `[layer, node, tensor]`, or a list of such. */
function listedTensors(value: unknown): TensorReference[] {
  const reference = asReference(value);
  if (reference !== null) return [reference];
  return Array.isArray(value) ? value.flatMap((item) => asReference(item) ?? []) : [];
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
