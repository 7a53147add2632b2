/** Rectifiers with all the parameters of Keras; tfjs ignores a ReLU's slope and threshold and refuses an ELU's scale. */

import * as tf from '@tensorflow/tfjs-core';
import { type Config, OwnLayer } from './ownLayer';

/** `maximum` for x >= maximum, x for threshold <= x, else `negativeSlope * (x - threshold)`. */
export class ReLU extends OwnLayer {
  static readonly className = 'ReLU';
  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;

  constructor(config: Config) {
    super(config);
    const maximum = this.number('maxValue', Infinity);
    this.maxValue = Number.isFinite(maximum) ? maximum : null;
    this.negativeSlope = this.number('negativeSlope', 0);
    this.threshold = this.number('threshold', 0);
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    // One kernel instead of two.
    if (this.maxValue === 6 && this.negativeSlope === 0 && this.threshold === 0) return tf.relu6(x);
    const rectified = this.rectify(x);
    if (this.maxValue === null) return rectified;
    // Clipping has kernels of its own everywhere, but also bounds from below.
    return this.negativeSlope === 0
      ? tf.clipByValue(rectified, 0, this.maxValue)
      : tf.minimum(rectified, this.maxValue);
  }

  private rectify(x: tf.Tensor): tf.Tensor {
    if (this.threshold === 0) return this.negativeSlope === 0 ? tf.relu(x) : tf.leakyRelu(x, this.negativeSlope);
    // Steps and not comparisons: those have no gradient in tfjs.
    const below = tf.step(tf.sub(this.threshold, x));
    const kept = tf.mul(x, tf.sub(1, below));
    return tf.sub(kept, tf.mul(this.negativeSlope, tf.relu(tf.sub(this.threshold, x))));
  }
}

/** x for x > 0, else `alpha * (exp(x) - 1)`. */
export class ELU extends OwnLayer {
  static readonly className = 'ELU';
  readonly alpha: number;

  constructor(config: Config) {
    super(config);
    this.alpha = this.number('alpha', 1);
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    if (this.alpha === 1) return tf.elu(x);
    return tf.add(tf.relu(x), tf.mul(this.alpha, tf.expm1(tf.minimum(x, 0))));
  }
}
