/** The base of the layers that tfjs-layers 4.22.0 lacks, or computes otherwise than Keras. */

import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import type { Config } from '../layerConfig';

export type { Config, Shape };

/** What a call is given besides its tensors. */
export type CallOptions = Readonly<Record<string, unknown>>;

/** As tfjs-layers keeps a weight. */
export type LayerVariable = ReturnType<OwnLayer['weight']>;

export abstract class OwnLayer extends layers.Layer {
  constructor(protected readonly config: Config) {
    super(config);
    this.supportsMasking = true;
    Object.assign(this, initializersOf(config));
  }

  /** The output for the concrete tensors that the layer is called on, `[samples, ...]` each; runs inside `tf.tidy`. */
  protected abstract run(inputs: readonly Tensor[], options: CallOptions): Tensor | Tensor[];

  /** The shape of the output for the inputs' shapes; that of the first input unless a layer knows better. */
  protected resultShape(inputs: readonly Shape[]): Shape {
    return inputs[0];
  }

  override call(inputs: Tensor | Tensor[], options: CallOptions): Tensor | Tensor[] {
    return tidy(() => this.run(Array.isArray(inputs) ? inputs : [inputs], options));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return [...this.resultShape(shapesOf(inputShape))];
  }

  override getConfig(): ReturnType<layers.Layer['getConfig']> {
    return { ...super.getConfig(), ...this.config } as ReturnType<layers.Layer['getConfig']>;
  }

  /** A new weight. Its values come from the file. */
  protected weight(name: string, shape: readonly number[], trainable = true) {
    // Nothing initialises: the guard of the model builder puts zeros in the initialiser's place.
    return this.addWeight(name, [...shape], 'float32', undefined, undefined, trainable);
  }

  protected number(key: string, standard: number): number {
    const value = this.config[key];
    return typeof value === 'number' ? value : standard;
  }

  protected flag(key: string, standard: boolean): boolean {
    const value = this.config[key];
    return typeof value === 'boolean' ? value : standard;
  }

  protected text(key: string, standard: string): string {
    const value = this.config[key];
    return typeof value === 'string' ? value : standard;
  }

  /** One number for every axis, or a list of `length`. */
  protected numbers(key: string, length: number, standard: number): number[] {
    const value = this.config[key];
    if (Array.isArray(value) && value.length === length) return value.map(Number);
    return new Array<number>(length).fill(
      typeof value === 'number' ? value : Number((value as unknown[])?.[0] ?? standard),
    );
  }

  protected get channelsFirst(): boolean {
    return this.text('dataFormat', 'channelsLast') === 'channelsFirst';
  }
}

export function shapesOf(inputShape: Shape | Shape[]): Shape[] {
  return Array.isArray(inputShape[0]) ? (inputShape as Shape[]) : [inputShape as Shape];
}

/** The size of a dimension that a layer's weights depend on. */
export function known(shape: Shape, axis: number): number {
  const size = shape.at(axis);
  if (typeof size !== 'number') throw new Error(`the size of axis ${axis} of its input is not known`);
  return size;
}

/**
 * What the configuration says of initialisers, under the names and with the methods by which tfjs-layers keeps them.
 * They never initialise anything: the weights come from the file.
 */
export function initializersOf(config: Config): Record<string, unknown> {
  const saved = Object.entries(config).filter(([key, value]) => /Initializer$/.test(key) && value !== null);
  return Object.fromEntries(
    saved.map(([key, value]) => {
      const { className, config: parameters } = value as { className: string; config: Config };
      return [key, { getClassName: () => className, getConfig: () => parameters }];
    }),
  );
}
