/** What a layer of tfjs-layers 4.22.0 is, read off its instance: activation, weights, units. The one place that knows its fields. */

import { mean, tidy, type Tensor } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import { activation, type Activation } from '../../report/activations';
import type { WeightReport } from '../../report/report';
import { fansOf } from './fans';
import type { Weight } from './network';

export type Layer = layers.Layer;

/** The activation objects that layers and recurrent cells keep. */
interface ActivationObject {
  apply(z: Tensor, axis?: number): Tensor;
  getClassName(): string;
  getConfig(): Record<string, unknown>;
}

interface Cell {
  activation?: ActivationObject;
  cells?: Cell[];
}

/** A cell that a recurrent layer calls once a step, on the input and its states; it answers with the output and the new states. */
interface RecurrentCell extends Cell {
  call(inputs: Tensor[], kwargs: unknown): Tensor[];
}

/** Fields that are not declared public; which of them exist depends on the class. */
interface Internals extends Cell {
  cell?: RecurrentCell;
  layer?: Layer;
  forwardLayer?: Layer;
  backwardLayer?: Layer;
  dataFormat?: string;
  axis?: number;
  maxValue?: number | null;
  negativeSlope?: number;
  threshold?: number;
  alpha?: number | { read(): Tensor };
  theta?: number;
  _stateful?: boolean;
}

const internals = (layer: Layer): Internals => layer as unknown as Internals;

const CONTAINERS = new Set(['Model', 'Functional', 'Sequential']);
export const isContainer = (layer: Layer): boolean => CONTAINERS.has(layer.getClassName()) && 'layers' in layer;

/** Classes that only apply an activation to their one input. */
const ACTIVATION_LAYERS = new Set(['Activation', 'ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'ThresholdedReLU', 'Softmax']);
export const isActivationLayer = (className: string): boolean => ACTIVATION_LAYERS.has(className);

/** The layers that a layer calls itself and that count as calls of their own: the halves of a Bidirectional. */
export function childLayers(layer: Layer): readonly Layer[] {
  const { forwardLayer, backwardLayer } = internals(layer);
  return [forwardLayer, backwardLayer].filter((child) => child !== undefined);
}

/** The object whose `activation` makes the layer's output: the layer, its (last) recurrent cell, or the layer that a TimeDistributed repeats. */
function activationOwner(layer: Layer): { activation?: ActivationObject } {
  const { cell, layer: inner } = internals(layer);
  if (cell !== undefined) return cell.cells?.[cell.cells.length - 1] ?? cell;
  return internals(layer).activation === undefined && inner !== undefined && !isContainer(inner)
    ? activationOwner(inner)
    : internals(layer);
}

/** Whether the layer's output is that of its activation, entry by entry; a recurrent cell makes more of it. */
export function endsInActivation(layer: Layer): boolean {
  const { cell, layer: inner } = internals(layer);
  return cell === undefined && (inner === undefined || isContainer(inner) || endsInActivation(inner));
}

/** Applies an activation: `plain` is what the layer itself would do. */
export type ActivationHook = (z: Tensor, plain: (z: Tensor) => Tensor) => Tensor;

const OBSERVED = 'observed ';

/** Lets `hook` apply the layer's activation from now on; a layer that is hooked already stays as it is. */
export function hookActivation(layer: Layer, hook: ActivationHook): void {
  for (const child of childLayers(layer)) hookActivation(child, hook);
  const owner = activationOwner(layer);
  const original = owner.activation;
  if (original === undefined || typeof original.apply !== 'function') return;
  if (original.getClassName().startsWith(OBSERVED)) return;
  owner.activation = {
    apply: (z, axis) => hook(z, (argument) => original.apply(argument, axis)),
    // An unknown name keeps tfjs from fusing the activation into the matrix product, where it could not be seen.
    getClassName: () => OBSERVED + original.getClassName(),
    getConfig: () => original.getConfig(),
  };
}

export const isRecurrent = (layer: Layer): boolean => internals(layer).cell !== undefined;

/** Makes one step of a recurrent layer: `plain` is what its cell itself would do. */
export type StepHook = (inputs: readonly Tensor[], plain: (inputs: Tensor[]) => Tensor[]) => Tensor[];

/** Lets `hook` make the steps of a recurrent layer, or of the halves of a Bidirectional, from now on. */
export function hookSteps(layer: Layer, hook: StepHook): void {
  for (const child of childLayers(layer)) hookSteps(child, hook);
  const { cell } = internals(layer);
  // On the instance itself only where a hook is there already.
  if (cell === undefined || Object.hasOwn(cell, 'call')) return;
  const plain = cell.call.bind(cell);
  cell.call = (inputs, kwargs) => hook(inputs, (given) => plain(given, kwargs));
}

/** Makes a call of a recurrent layer: `plain` is what the layer itself would do. */
export type CallHook = (
  layer: Layer,
  inputs: Tensor | Tensor[],
  options: Record<string, unknown>,
  plain: () => Tensor | Tensor[],
) => Tensor | Tensor[];

/** Lets `hook` make the calls of a recurrent layer, or of the halves of a Bidirectional, from now on. */
export function hookCalls(layer: Layer, hook: CallHook): void {
  for (const child of childLayers(layer)) hookCalls(child, hook);
  if (!isRecurrent(layer) || Object.hasOwn(layer, 'call')) return;
  const plain = layer.call.bind(layer);
  layer.call = (inputs, options) => hook(layer, inputs, options, () => plain(inputs, options));
}

/** Recurrent layers that keep their state from batch to batch start every batch afresh: the samples of a probe are independent. */
export function forgetStates(layer: Layer): void {
  for (const child of childLayers(layer)) forgetStates(child);
  if (internals(layer)._stateful === true) internals(layer)._stateful = false;
}

/** The activation that a layer applies; null for layers that have no such notion, or one that is not known. */
export function activationOf(layer: Layer): Activation | null {
  const { maxValue, negativeSlope, threshold, alpha, theta } = internals(layer);
  const slope = typeof alpha === 'number' ? { alpha } : {};
  switch (layer.getClassName()) {
    case 'ReLU':
      return activation('relu', {
        maximum: maxValue ?? null,
        ...(negativeSlope === undefined ? {} : { alpha: negativeSlope }),
        ...(threshold === undefined ? {} : { threshold }),
      });
    case 'LeakyReLU':
      return activation('leaky_relu', slope);
    case 'ELU':
      return activation('elu', slope);
    case 'PReLU':
      return activation('prelu', {
        alpha: typeof alpha === 'object' ? tidy(() => mean(alpha.read()).dataSync()[0]) : 0,
      });
    case 'ThresholdedReLU':
      return activation('thresholded_relu', theta === undefined ? {} : { threshold: theta });
    case 'Softmax':
      return activation('softmax');
    default: {
      const { name, config } = activationObjectOf(layer) ?? {};
      if (name === undefined) return null;
      // Names that the loader gives to functions that tfjs has no name for.
      if (name === 'hard_sigmoid_3') return activation('hard_sigmoid', { slope: 1 / 6 });
      const parameter = typeof config?.['alpha'] === 'number' ? { alpha: config['alpha'] } : {};
      return activation(name === 'elu_alpha' ? 'elu' : name, parameter);
    }
  }
}

/** The activation function that makes the layer's output; null where it has none of its own. */
function activationObjectOf(layer: Layer): { name: string; config: Record<string, unknown> } | null {
  if (childLayers(layer).length > 0) return null;
  const object = activationOwner(layer).activation;
  return typeof object?.getClassName === 'function'
    ? { name: activationName(object), config: object.getConfig() }
    : null;
}

/** The name of an activation object, hooked or not. */
export const activationName = (object: Pick<ActivationObject, 'getClassName'>): string =>
  object.getClassName().replace(OBSERVED, '');

/** Why some part of the layer cannot be measured, one sentence each. */
export function blindSpotsOf(layer: Layer): readonly string[] {
  const name = activationObjectOf(layer)?.name;
  const { layer: wrapped } = internals(layer);
  return [
    ...(name !== undefined && activationOf(layer) === null
      ? [`What the activation function "${name}" does to gradients is not known, so it is not judged.`]
      : []),
    ...(wrapped !== undefined && childLayers(layer).length === 0 && isContainer(wrapped)
      ? [`The layers of the model inside ${layer.name} are not looked at one by one.`]
      : []),
  ];
}

/** Layers without an activation whose output nevertheless has units of its own. */
const UNIT_LAYERS = /Normalization$|^Embedding$|Attention$/;

/** Whether the layer's output has units to judge; others (pooling, Flatten, Dropout, Add, …) repeat those of the layers before. */
export function hasUnits(layer: Layer): boolean {
  // A Bidirectional layer joins the units of its halves.
  if (childLayers(layer).length > 0) return false;
  return (
    activationOwner(layer).activation !== undefined ||
    isActivationLayer(layer.getClassName()) ||
    UNIT_LAYERS.test(layer.getClassName())
  );
}

/** The axis of the output that counts units: the last one, or 1 for channels-first convolutions and the like. */
export function unitAxisOf(layer: Layer): number {
  const { dataFormat, axis } = internals(layer);
  if (/Conv/.test(layer.getClassName())) return dataFormat === 'channelsFirst' ? 1 : -1;
  return /BatchNorm/.test(layer.getClassName()) && axis === 1 ? 1 : -1;
}

/** The layer's own weights, trainable ones first; those of a Bidirectional layer belong to its halves. */
export function weightsOf(layer: Layer): readonly Weight[] {
  if (childLayers(layer).length > 0) return [];
  const className = layer.getClassName();
  const trainable = new Set(layer.trainableWeights.map(({ id }) => id));
  return layer.weights.map((variable) => {
    const parts = variable.originalName.split('/');
    // Attention keeps a kernel for each of query, key and value; other layers have one weight of a name.
    const name = parts.slice(/Attention$/.test(className) ? -2 : -1).join('/');
    const depthwise = name.startsWith('depthwise') || className === 'DepthwiseConv2D';
    const kind = depthwise ? 'depthwise' : className.endsWith('Transpose') ? 'transposed' : 'plain';
    // Biases, gammas and the like are vectors and have no fans; an embedding is looked up, not multiplied.
    const fans = /kernel/.test(name) ? fansOf(variable.shape.map(Number), kind) : null;
    return {
      name,
      // Not a copy: the variable itself.
      value: variable.read(),
      trainable: trainable.has(variable.id),
      initializer: initializerOf(layer, name),
      fanIn: fans?.fanIn ?? null,
      fanOut: fans?.fanOut ?? null,
    };
  });
}

/** tfjs keeps the initialiser of `recurrent_kernel` in `recurrentInitializer`, of `gamma` in `gammaInitializer`, … */
function initializerOf(layer: Layer, weight: string): WeightReport['initializer'] {
  const camel = weight.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  const owners = [layer, internals(layer).cell, internals(layer).layer].filter((owner) => owner !== undefined);
  for (const owner of owners as unknown as Record<string, unknown>[]) {
    for (const key of [`${camel}Initializer`, `${camel.replace(/Kernel$/, '')}Initializer`]) {
      const initializer = owner[key] as { getClassName?(): string; getConfig?(): Record<string, unknown> } | undefined;
      if (typeof initializer?.getClassName === 'function') {
        return { className: initializer.getClassName(), config: plain(initializer.getConfig?.() ?? {}) };
      }
    }
  }
  return null;
}

/** Only what JSON can hold: numbers, strings and booleans. */
function plain(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).filter(
      ([, value]) => value === null || ['number', 'string', 'boolean'].includes(typeof value),
    ),
  );
}
