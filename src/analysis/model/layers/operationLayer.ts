/** The call of a library function that is saved by its name: `TFOpLambda` and its kin of Keras 2, operations of Keras 3. */

import * as tf from '@tensorflow/tfjs-core';
import { isRecord } from '../json';
import { type BoundArguments, constantValue, TensorArgument } from '../topology';
import { OpaqueLayer } from './opaqueLayer';
import type { Operation } from './operations';
import { type CallOptions, type Config, type Shape, shapesOf } from './ownLayer';

/** Sizes that stand for unknown ones: what differs between the two runs depends on them. */
const TRIAL_SIZES = [2, 3] as const;

/** Tensors larger than this are not made only to learn a shape. */
const MAXIMUM_TRIAL_SIZE = 2 ** 24;

/**
 * Runs the operation; where it cannot be run on what it is called on, or does not give one row per sample, the layer is
 * opaque and passes its input on.
 */
export class OperationLayer extends OpaqueLayer {
  private opaque = false;
  private bound: BoundArguments = { positional: [], named: {} };

  /** `saved`: as for `OpaqueLayer`. `complete` adds to the arguments of a call what the configuration holds of them. */
  constructor(
    config: Config,
    saved: Shape | null,
    private readonly kerasClass: string,
    private readonly operation: Operation,
    private readonly complete: (bound: BoundArguments) => BoundArguments,
  ) {
    super(config, saved);
  }

  override getClassName(): string {
    return this.opaque ? OpaqueLayer.className : this.kerasClass;
  }

  /** Sets the arguments of the call that follows: tfjs-layers asks for the shape of its output without them. */
  bind(bound: BoundArguments): void {
    this.bound = this.complete(bound);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const shapes = shapesOf(inputShape);
    try {
      // `[trial][output]`
      const [one, other] = TRIAL_SIZES.map((size) => this.trial(shapes, size));
      const rows = one.every((shape, i) => shape.length === other[i].length && shape[0] === 2 && other[i][0] === 3);
      const outputs = one.map((shape, i) => shape.map((dim, axis) => (dim === other[i][axis] ? dim : null)));
      // A mask of time steps holds for an output of the same axes only.
      this.supportsMasking = outputs.length === 1 && outputs[0].length === shapes[0].length;
      if (rows && outputs.length === other.length) return outputs.length === 1 ? outputs[0] : outputs;
    } catch {
      // Not an error of the file: the operation has a form that is not known here.
    }
    this.opaque = true;
    return super.computeOutputShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], options: CallOptions): tf.Tensor | tf.Tensor[] {
    const { bound } = options as { bound?: BoundArguments };
    if (bound !== undefined) this.bind(bound);
    return super.call(inputs, options);
  }

  protected override run(inputs: readonly tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    return this.opaque ? super.run(inputs) : this.operate(inputs);
  }

  private operate(inputs: readonly tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    const filled = (value: unknown): unknown => {
      if (value instanceof TensorArgument) return inputs[value.index];
      if (Array.isArray(value)) return value.map(filled);
      // Tuples and dtypes of Keras 3.
      if (isRecord(value) && value['class_name'] === '__tuple__' && Array.isArray(value['items'])) {
        return value['items'].map(filled);
      }
      return constantValue(value);
    };
    const { positional, named } = this.bound;
    return this.operation({
      positional: positional.map(filled),
      named: Object.fromEntries(Object.entries(named).map(([key, value]) => [key, filled(value)])),
    });
  }

  /** The shapes of the outputs where every unknown size is `size`. */
  private trial(shapes: readonly Shape[], size: number): number[][] {
    const concrete = shapes.map((shape) => shape.map((dim) => dim ?? size));
    if (concrete.some((shape) => shape.reduce((a, b) => a * b, 1) > MAXIMUM_TRIAL_SIZE)) throw new Error('too large');
    return tf.tidy(() => [this.operate(concrete.map((shape) => tf.zeros(shape)))].flat().map(({ shape }) => shape));
  }
}
