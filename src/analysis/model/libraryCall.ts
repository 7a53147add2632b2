/** What a layer that only calls a function of TensorFlow or Keras calls, as far as it is known. */

import type { Shape } from '@tensorflow/tfjs-layers';
import { get, isRecord, text } from './json';
import { isActivationName } from './activationIdentifier';
import { OperationLayer } from './layers/operationLayer';
import { mergeNamed, operationNamed } from './layers/operations';
import {
  type BoundArguments,
  type CallDefinition,
  type CalledLayer,
  holdsConstants,
  type LayerDefinition,
} from './topology';

interface LibraryCall {
  /** `reduce_mean`, `add`, … */
  readonly name: string;
  /** Adds what the layer's configuration holds of the arguments. */
  readonly complete: (bound: BoundArguments) => BoundArguments;
}

const unchanged = (bound: BoundArguments): BoundArguments => bound;

/** `ExpandDims` as `expand_dims`. */
const snakeCase = (name: string): string => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();

function libraryCall({ className, config, module }: LayerDefinition): LibraryCall | null {
  if (className === 'TFOpLambda' || className === 'SlicingOpLambda') {
    const name = text(config['function'])?.split('.').pop();
    return name === undefined ? null : { name, complete: unchanged };
  }
  if (className === 'TensorFlowOpLayer') {
    const node = config['node_def'];
    const op = text(get(node, 'op'));
    return op === null ? null : { name: op.toLowerCase(), complete: (bound) => ofNode(bound, op, config) };
  }
  if (module === null || !/^keras\.(?:src\.)?ops(?:\.|$)/.test(module)) return null;
  // A name and a policy of dtypes that every operation may have; only a cast is about its dtype.
  const own = Object.entries(config).filter(([key]) => key !== 'name' && (key !== 'dtype' || className === 'Cast'));
  const parameters = Object.fromEntries(own);
  return {
    name: snakeCase(className),
    complete: ({ positional, named }) => ({ positional, named: { ...parameters, ...named } }),
  };
}

/** The inputs of a node of a graph are tensors, and constants at the places that the configuration tells. */
function ofNode(
  bound: BoundArguments,
  op: string,
  { constants, node_def: node }: LayerDefinition['config'],
): BoundArguments {
  const values = [...bound.positional];
  const places = isRecord(constants) ? Object.entries(constants) : [];
  for (const [place, value] of places.sort(([a], [b]) => Number(a) - Number(b))) values.splice(Number(place), 0, value);
  const attributes = get(node, 'attr');
  const flag = (name: string): boolean => get(get(attributes, name), 'b') === true;
  const named = {
    keepdims: flag('keep_dims'),
    adj_x: flag('adj_x') || flag('transpose_a'),
    adj_y: flag('adj_y') || flag('transpose_b'),
    dtype: get(get(attributes, 'DstT'), 'type'),
    squeeze_dims: squeezedAxes(get(attributes, 'squeeze_dims')),
  };
  // These two take a list of any length, and with it an axis.
  if (op === 'ConcatV2') return { positional: [values.slice(0, -1)], named: { axis: values.at(-1) } };
  if (op === 'Pack') return { positional: [values], named: { axis: Number(get(get(attributes, 'axis'), 'i') ?? 0) } };
  return { positional: values, named };
}

function squeezedAxes(attribute: unknown): number[] | null {
  const axes = get(get(attribute, 'list'), 'i');
  return Array.isArray(axes) ? axes.map(Number) : null;
}

/**
 * The definition as an `Activation` layer where all it does is to apply an activation function to its one input, else
 * the definition itself.
 */
export function asActivation(definition: LayerDefinition, calls: readonly CallDefinition[]): LayerDefinition {
  const called = libraryCall(definition);
  if (called === null || !isActivationName(called.name) || calls.length === 0) return definition;
  const parameters = calls.map(({ inputs, bound }) => ({ inputs, ...called.complete(bound) }));
  const [{ named }] = parameters;
  const plain = parameters.every(({ inputs, positional }) => inputs.length === 1 && positional.length <= 1);
  const axis = named['axis'] ?? -1;
  if (!plain || axis !== -1 || /^exp/.test(called.name)) return definition;
  const activation = { class_name: called.name, config: named };
  return { ...definition, className: 'Activation', module: null, config: { name: definition.name, activation } };
}

/** The layer for a call of a function that is known, else null. `saved`: the output's shape, as far as the file tells it. */
export function operationLayer(definition: LayerDefinition, saved: Shape | null): OperationLayer | null {
  const called = libraryCall(definition);
  const operation = called === null ? null : operationNamed(called.name);
  if (called === null || operation === null) return null;
  const { name, className } = definition;
  return new OperationLayer({ name }, saved, className, operation, called.complete);
}

/** Whether the layer is an operation of Keras 3, known or not: its class may be called like a layer's. */
export const isOperation = ({ module }: LayerDefinition): boolean =>
  module !== null && /^keras\.(?:src\.)?ops(?:\.|$)/.test(module);

/** The layer where it only merges its inputs and some of them are constants, which tfjs's own layers do not take; else null. */
export function constantMerge({ className, name, calls }: CalledLayer, saved: Shape | null): OperationLayer | null {
  const merge = mergeNamed(className);
  if (merge === null || !calls.some(holdsConstants)) return null;
  return new OperationLayer({ name }, saved, className, merge, unchanged);
}
