/** Preprocessing layers of Keras that compute on numbers. Those on text cannot be measured. */

import * as tf from '@tensorflow/tfjs-core';
import { type Config, known, type LayerVariable, OwnLayer, type Shape } from './ownLayer';

/** `x * scale + offset`; scale and offset are numbers, or lists over the last axis. */
export class Rescaling extends OwnLayer {
  static readonly className = 'Rescaling';
  readonly scale = this.factor('scale', 1);
  readonly offset = this.factor('offset', 0);

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    return tf.add(tf.mul(tf.cast(x, 'float32'), this.scale), this.offset);
  }

  private factor(key: string, standard: number): number | number[] {
    const value = this.config[key];
    return Array.isArray(value) ? value.map(Number) : this.number(key, standard);
  }
}

/** `(x - mean) / max(sqrt(variance), 1e-7)` with the statistics of the data that the layer was adapted to. */
export class Normalization extends OwnLayer {
  static readonly className = 'Normalization';
  private mean: LayerVariable | null = null;
  private variance: LayerVariable | null = null;
  private broadcast: number[] = [];

  override build(inputShape: Shape | Shape[]): void {
    const shape = inputShape as Shape;
    const { axis = -1 } = this.config;
    const axes = (axis === null ? [] : Array.isArray(axis) ? axis : [axis]).map(
      (a) => (Number(a) + shape.length) % shape.length,
    );
    this.broadcast = shape.map((_, i) => (axes.includes(i) ? known(shape, i) : 1));
    if (this.config['mean'] === undefined || this.config['mean'] === null) {
      const sizes = axes.map((a) => known(shape, a));
      this.mean = this.weight('mean', sizes, false);
      this.variance = this.weight('variance', sizes, false);
    }
    super.build(inputShape);
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    const mean = this.statistic(this.mean, 'mean');
    const deviation = tf.maximum(tf.sqrt(this.statistic(this.variance, 'variance')), 1e-7);
    const input = tf.cast(x, 'float32');
    return this.flag('invert', false) ? tf.add(mean, tf.mul(input, deviation)) : tf.div(tf.sub(input, mean), deviation);
  }

  private statistic(variable: LayerVariable | null, key: string): tf.Tensor {
    const value = variable === null ? tf.tensor(this.config[key] as number) : variable.read();
    return value.size === 1 ? tf.reshape(value, []) : tf.reshape(value, this.broadcast);
  }
}

/** Indices below `numTokens` as one-hot, multi-hot or count vectors. */
export class CategoryEncoding extends OwnLayer {
  static readonly className = 'CategoryEncoding';
  readonly numTokens = this.number('numTokens', 0);
  private readonly mode = this.text('outputMode', 'multiHot');

  protected override resultShape([shape]: readonly Shape[]): Shape {
    const appended = this.mode === 'oneHot' && shape.at(-1) !== 1;
    return [...(appended || shape.length === 1 ? shape : shape.slice(0, -1)), this.numTokens];
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    return constant(x, (indices) => {
      const hot = tf.cast(tf.oneHot(tf.cast(indices, 'int32'), this.numTokens), 'float32');
      if (indices.rank === 1) return hot;
      if (this.mode === 'oneHot') return indices.shape.at(-1) === 1 ? tf.squeeze(hot, [hot.rank - 2]) : hot;
      return this.mode === 'count' ? tf.sum(hot, -2) : tf.max(hot, -2);
    });
  }
}

/** The index of the bin that each number falls into, or that index encoded like CategoryEncoding. */
export class Discretization extends OwnLayer {
  static readonly className = 'Discretization';
  private readonly boundaries = (this.config['binBoundaries'] as number[] | undefined) ?? [];

  constructor(config: Config) {
    super(config);
    if (this.text('outputMode', 'int') !== 'int' || this.boundaries.length === 0) {
      throw new Error('only outputMode "int" with saved bin boundaries can be computed');
    }
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    return constant(x, (values) => {
      const above = this.boundaries.map((boundary) => tf.cast(tf.greaterEqual(values, boundary), 'float32'));
      return tf.addN(above);
    });
  }
}

/** A function of x that is piecewise constant: its gradient is 0, which tfjs does not know of comparisons and the like. */
function constant(x: tf.Tensor, compute: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  return tf.customGrad((input) => ({
    value: compute(input as tf.Tensor),
    gradFunc: () => tf.zerosLike(input as tf.Tensor),
  }))(x);
}
