/** Stands for a layer whose code is not in the file (a Lambda, a class of the author's own): nothing of it is executed. */

import * as tf from '@tensorflow/tfjs-core';
import { type Config, OwnLayer, type Shape } from './ownLayer';

/**
 * Passes its first input on where the layer keeps the shape; else repeats or cuts the input's values to the shape that
 * was saved, so that what follows sees values of the same spread and a gradient flows back.
 */
export class OpaqueLayer extends OwnLayer {
  static readonly className = 'OpaqueLayer';

  /**
   * `saved`: the output's shape with the batch, as far as the file tells it; null if the file does not. `unknownClass`: the
   * layer's class, where it is only supposed to be the author's own because nobody else knows it.
   */
  constructor(
    config: Config,
    private readonly saved: Shape | null,
    readonly unknownClass: string | null = null,
  ) {
    super(config);
  }

  protected override resultShape([input]: readonly Shape[]): Shape {
    if (this.saved === null) return input;
    return [input[0], ...this.saved.slice(1).map((dim, i) => dim ?? input[i + 1] ?? null)];
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    const shape = this.resultShape([x.shape]).map((dim) => dim ?? 1);
    if (shape.length === x.rank && shape.every((dim, i) => dim === x.shape[i])) return x;
    const [samples, ...dims] = shape;
    const size = dims.reduce((a, b) => a * b, 1);
    const flat = tf.reshape(tf.cast(x, 'float32'), [samples, -1]);
    const times = Math.ceil(size / flat.shape[1]!);
    const values = tf.slice(tf.tile(flat, [1, times]), [0, 0], [samples, size]);
    return tf.reshape(values, shape);
  }
}
