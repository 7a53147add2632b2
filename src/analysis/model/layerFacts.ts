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

/** Fields that are not declared public; which of them exist depends on the class. */
interface Internals extends Cell {
  cell?: Cell;
  layer?: Layer;
  forwardLayer?: Layer;
  backwardLayer?: Layer;
  dataFormat?: string;
  axis?: number;
  maxValue?: number;
  alpha?: number | { read(): Tensor };
  theta?: number;
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

/** Applies an activation: `plain` is what the layer itself would do. */
export type ActivationHook = (z: Tensor, plain: (z: Tensor) => Tensor) => Tensor;

/** Lets `hook` apply the layer's activation from now on. */
export function hookActivation(layer: Layer, hook: ActivationHook): void {
  for (const child of childLayers(layer)) hookActivation(child, hook);
  const owner = activationOwner(layer);
  const original = owner.activation;
  if (original === undefined || typeof original.apply !== 'function') return;
  owner.activation = {
    apply: (z, axis) => hook(z, (argument) => original.apply(argument, axis)),
    // An unknown name keeps tfjs from fusing the activation into the matrix product, where it could not be seen.
    getClassName: () => `observed ${original.getClassName()}`,
    getConfig: () => original.getConfig(),
  };
}

/** The activation that a layer applies; null for layers that have no such notion. */
export function activationOf(layer: Layer): Activation | null {
  const { maxValue, alpha, theta } = internals(layer);
  const slope = typeof alpha === 'number' ? { alpha } : {};
  switch (layer.getClassName()) {
    case 'ReLU':
      return activation('relu', { maximum: maxValue ?? null });
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
      const object = activationOwner(layer).activation;
      if (object === undefined || typeof object.getClassName !== 'function') return null;
      return activation(object.getClassName().replace(/^observed /, ''));
    }
  }
}

/** Layers without an activation whose output nevertheless has units of its own. */
const UNIT_LAYERS = /Normalization$|^Embedding$|Attention$/;

/** Whether the layer's output has units to judge; others (pooling, Flatten, Dropout, Add, …) repeat those of the layers before. */
export function hasUnits(layer: Layer): boolean {
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

/** The layer's weights, trainable ones first. */
export function weightsOf(layer: Layer): readonly Weight[] {
  const className = layer.getClassName();
  const trainable = new Set(layer.trainableWeights.map(({ id }) => id));
  return layer.weights.map((variable) => {
    const name = variable.originalName.split('/').pop()!;
    const kind =
      /^depthwise|^DepthwiseConv/.test(name + className) || className === 'DepthwiseConv2D'
        ? 'depthwise'
        : /Transpose$/.test(className)
          ? 'transposed'
          : 'plain';
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
  for (const owner of owners as Record<string, unknown>[]) {
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
