/** Normalisation layers that tfjs-layers lacks. */

import * as tf from '@tensorflow/tfjs-core';
import { type Config, known, type LayerVariable, OwnLayer, type Shape } from './ownLayer';

/**
 * Normalises over groups of channels and all positions of a sample (Wu and He 2018, arXiv:1803.08494). One channel to
 * a group is instance normalisation.
 */
export class GroupNormalization extends OwnLayer {
  static readonly className: string = 'GroupNormalization';
  private gamma: LayerVariable | null = null;
  private beta: LayerVariable | null = null;
  private readonly axis: number = [this.config['axis'] ?? -1].flat().map(Number)[0];

  override build(inputShape: Shape | Shape[]): void {
    const channels = known(inputShape as Shape, this.axis);
    if (this.flag('scale', true)) this.gamma = this.weight('gamma', [channels]);
    if (this.flag('center', true)) this.beta = this.weight('beta', [channels]);
    super.build(inputShape);
  }

  /** Number of groups that the channels fall into. */
  protected groups(channels: number): number {
    const groups = this.number('groups', 32);
    return groups === -1 ? channels : groups;
  }

  protected run([input]: readonly tf.Tensor[]): tf.Tensor {
    const axis = this.axis < 0 ? this.axis + input.rank : this.axis;
    const order = [...input.shape.keys()].filter((i) => i !== axis).concat(axis);
    const x = axis === input.rank - 1 ? input : tf.transpose(input, order);
    const channels = x.shape[x.rank - 1];
    const groups = this.groups(channels);
    const grouped = tf.reshape(x, [x.shape[0], -1, groups, channels / groups]);
    const mean = tf.mean(grouped, [1, 3], true);
    const centred = tf.sub(grouped, mean);
    const variance = tf.mean(tf.square(centred), [1, 3], true);
    const normal = tf.div(centred, tf.sqrt(tf.add(variance, this.number('epsilon', 1e-3))));
    let result = tf.reshape(normal, x.shape);
    if (this.gamma !== null) result = tf.mul(result, this.gamma.read());
    if (this.beta !== null) result = tf.add(result, this.beta.read());
    // The inverse of bringing the channels last.
    return x === input
      ? result
      : tf.transpose(
          result,
          [...order.keys()].map((i) => order.indexOf(i)),
        );
  }
}

/** TensorFlow Addons: a group for each channel. */
export class InstanceNormalization extends GroupNormalization {
  static override readonly className = 'InstanceNormalization';

  protected override groups(channels: number): number {
    return channels;
  }
}

/** `x / ||x||` along the axis. */
export class UnitNormalization extends OwnLayer {
  static readonly className = 'UnitNormalization';

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    const axes = [this.config['axis'] ?? -1].flat().map(Number);
    return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), axes, true), 1e-12)));
  }
}

/** `x / sqrt(mean(x^2) + epsilon) * scale` along the axis (Zhang and Sennrich 2019, arXiv:1910.07467). */
export class RMSNormalization extends OwnLayer {
  static readonly className = 'RMSNormalization';
  private scale: LayerVariable | null = null;
  private readonly axis: number;

  constructor(config: Config) {
    super(config);
    this.axis = [config['axis'] ?? -1].flat().map(Number)[0];
    if (this.axis !== -1) throw new Error('only the last axis can be normalised');
  }

  override build(inputShape: Shape | Shape[]): void {
    this.scale = this.weight('scale', [known(inputShape as Shape, this.axis)]);
    super.build(inputShape);
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    const meanSquare = tf.mean(tf.square(x), this.axis, true);
    const normal = tf.mul(x, tf.rsqrt(tf.add(meanSquare, this.number('epsilon', 1e-6))));
    return tf.mul(normal, this.scale!.read());
  }
}
