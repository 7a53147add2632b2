/** Layers that pass on, pad, cut, repeat or pool their input. */

import * as tf from '@tensorflow/tfjs-core';
import { type Config, OwnLayer, type Shape } from './ownLayer';

/** What its input is, under the class name of the file: augmentation and regularisation do nothing in inference. */
export class PassThrough extends OwnLayer {
  constructor(
    config: Config,
    private readonly kerasClass: string,
  ) {
    super(config);
  }

  override getClassName(): string {
    return this.kerasClass;
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    return x;
  }
}

export class Subtract extends OwnLayer {
  static readonly className = 'Subtract';

  protected override resultShape([a, b]: readonly Shape[]): Shape {
    return a.length >= b.length ? a.map((dim, i) => (dim === 1 ? b[i - a.length + b.length] : dim)) : b;
  }

  protected run([a, b]: readonly tf.Tensor[]): tf.Tensor {
    return tf.sub(a, b);
  }
}

/** How many positions to add or take away before and after, along each spatial axis. */
type Margins = readonly (readonly [number, number])[];

abstract class Margined extends OwnLayer {
  protected readonly margins: Margins;

  constructor(
    config: Config,
    rank: number,
    key: string,
    private readonly sign: 1 | -1,
  ) {
    super(config);
    this.margins = marginsOf(config[key], rank);
  }

  protected override resultShape([shape]: readonly Shape[]): Shape {
    const first = this.channelsFirst ? 2 : 1;
    return shape.map((dim, i) => {
      const margin = this.margins[i - first];
      return margin === undefined || dim === null ? dim : dim + this.sign * (margin[0] + margin[1]);
    });
  }

  /** `[before, after]` for every axis of the tensor. */
  protected all(rank: number): [number, number][] {
    const first = this.channelsFirst ? 2 : 1;
    return Array.from({ length: rank }, (_, i) => [...(this.margins[i - first] ?? [0, 0])] as [number, number]);
  }
}

/** `2`, `[1, 2]` for one axis, `[1, 2, 3]` symmetric, or `[[1, 1], [2, 2], …]`. */
function marginsOf(value: unknown, rank: number): Margins {
  if (typeof value === 'number') return new Array<[number, number]>(rank).fill([value, value]);
  const list = Array.isArray(value) ? (value as unknown[]) : [1];
  if (rank === 1) {
    const [before, after = before] = list.flat().map(Number);
    return [[before, after]];
  }
  return Array.from({ length: rank }, (_, i) => {
    const [before, after = before] = [list[i] ?? list[0]].flat().map(Number);
    return [before, after];
  });
}

class ZeroPadding extends Margined {
  constructor(config: Config, rank: number) {
    super(config, rank, 'padding', 1);
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    return tf.pad(x, this.all(x.rank));
  }
}

class Cropping extends Margined {
  constructor(config: Config, rank: number) {
    super(config, rank, 'cropping', -1);
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    const margins = this.all(x.rank);
    return tf.slice(
      x,
      margins.map(([before]) => before),
      margins.map(([before, after], i) => x.shape[i] - before - after),
    );
  }
}

export class ZeroPadding1D extends ZeroPadding {
  static readonly className = 'ZeroPadding1D';
  constructor(config: Config) {
    super(config, 1);
  }
}

export class ZeroPadding3D extends ZeroPadding {
  static readonly className = 'ZeroPadding3D';
  constructor(config: Config) {
    super(config, 3);
  }
}

export class Cropping1D extends Cropping {
  static readonly className = 'Cropping1D';
  constructor(config: Config) {
    super(config, 1);
  }
}

export class Cropping3D extends Cropping {
  static readonly className = 'Cropping3D';
  constructor(config: Config) {
    super(config, 3);
  }
}

/** Repeats every position `size` times along each spatial axis. */
class UpSampling extends OwnLayer {
  constructor(
    config: Config,
    private readonly rank: number,
  ) {
    super(config);
  }

  private factor(axis: number): number {
    const spatial = axis - (this.channelsFirst ? 2 : 1);
    return spatial >= 0 && spatial < this.rank ? this.numbers('size', this.rank, 2)[spatial] : 1;
  }

  protected override resultShape([shape]: readonly Shape[]): Shape {
    return shape.map((dim, i) => (dim === null ? null : dim * this.factor(i)));
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    let result = x;
    for (let axis = 1; axis < x.rank; axis++) {
      const factor = this.factor(axis);
      if (factor === 1) continue;
      const { shape } = result;
      const repeated = tf.tile(
        tf.reshape(result, [
          shape.slice(0, axis + 1).reduce((a, b) => a * b, 1),
          1,
          shape.slice(axis + 1).reduce((a, b) => a * b, 1),
        ]),
        [1, factor, 1],
      );
      result = tf.reshape(
        repeated,
        shape.map((dim, i) => (i === axis ? dim * factor : dim)),
      );
    }
    return result;
  }
}

export class UpSampling1D extends UpSampling {
  static readonly className = 'UpSampling1D';
  constructor(config: Config) {
    super(config, 1);
  }
}

export class UpSampling3D extends UpSampling {
  static readonly className = 'UpSampling3D';
  constructor(config: Config) {
    super(config, 3);
  }
}

/** Mean or maximum over all positions; `keepdims`, which tfjs ignores, leaves the axes with size 1. */
export class GlobalPooling extends OwnLayer {
  constructor(
    config: Config,
    private readonly kerasClass: string,
  ) {
    super(config);
    this.supportsMasking = false;
  }

  override getClassName(): string {
    return this.kerasClass;
  }

  protected override resultShape([shape]: readonly Shape[]): Shape {
    const axes = this.axes(shape.length);
    return this.flag('keepdims', false)
      ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
      : shape.filter((_, i) => !axes.includes(i));
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    const reduce = this.kerasClass.includes('Max') ? tf.max : tf.mean;
    return reduce(x, this.axes(x.rank), this.flag('keepdims', false));
  }

  private axes(rank: number): number[] {
    const first = this.channelsFirst ? 2 : 1;
    return Array.from({ length: rank - 2 }, (_, i) => i + first);
  }
}
