/**
 * Convolution and pooling of volumes, `[samples, depth, height, width, channels]` or channels first, by operations on
 * images: those of tfjs on volumes are a hundred times slower on wasm, and their gradients wrong there.
 */

import * as tf from '@tensorflow/tfjs-core';
import { type ActivationObject, activationObject } from './activationObject';
import { type Config, known, type LayerVariable, OwnLayer, type Shape } from './ownLayer';

type Triple = readonly [number, number, number];

abstract class VolumeLayer extends OwnLayer {
  readonly dataFormat: string;
  protected readonly padding: 'same' | 'valid';

  constructor(config: Config) {
    super(config);
    this.supportsMasking = false;
    this.dataFormat = this.channelsFirst ? 'channelsFirst' : 'channelsLast';
    this.padding = this.text('padding', 'valid') === 'same' ? 'same' : 'valid';
  }

  protected triple(key: string, standard: number): Triple {
    const [depth, height, width] = this.numbers(key, 3, standard);
    return [depth, height, width];
  }

  /** Sizes after a window that spans `window` positions moved by `strides`. */
  protected sizes(spatial: Shape, window: Triple, strides: Triple): Shape {
    return spatial.map((size, i) => {
      if (size === null) return null;
      return Math.ceil((this.padding === 'same' ? size : size - window[i] + 1) / strides[i]);
    });
  }

  protected volumeShape(shape: Shape, window: Triple, strides: Triple, channels: number | null): Shape {
    return this.channelsFirst
      ? [shape[0], channels, ...this.sizes(shape.slice(2), window, strides)]
      : [shape[0], ...this.sizes(shape.slice(1, -1), window, strides), channels];
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    if (!this.channelsFirst) return this.runVolume(x as tf.Tensor5D);
    return tf.transpose(this.runVolume(tf.transpose(x as tf.Tensor5D, [0, 2, 3, 4, 1])), [0, 4, 1, 2, 3]);
  }

  /** On channels-last volumes. */
  protected abstract runVolume(x: tf.Tensor5D): tf.Tensor;
}

/**
 * One convolution of images: the slices that a window spans in depth lie side by side as channels, and the kernel's
 * `[depth, height, width, in, out]` becomes `[height, width, depth * in, out]`.
 */
export class Conv3D extends VolumeLayer {
  static readonly className = 'Conv3D';
  readonly activation: ActivationObject;
  private readonly kernelSize = this.triple('kernelSize', 1);
  private readonly strides = this.triple('strides', 1);
  private readonly dilation = this.triple('dilationRate', 1);
  private kernel: LayerVariable | null = null;
  private bias: LayerVariable | null = null;

  constructor(config: Config) {
    super(config);
    this.activation = activationObject(config['activation']);
    if (this.number('groups', 1) !== 1) throw new Error('a convolution of volumes in groups cannot be computed');
  }

  private get filters(): number {
    return this.number('filters', 1);
  }

  /** Positions from the first to the last tap. */
  private get span(): Triple {
    const [d, h, w] = this.kernelSize.map((size, i) => (size - 1) * this.dilation[i] + 1);
    return [d, h, w];
  }

  override build(inputShape: Shape | Shape[]): void {
    const channels = known(inputShape as Shape, this.channelsFirst ? 1 : -1);
    this.kernel = this.weight('kernel', [...this.kernelSize, channels, this.filters]);
    if (this.flag('useBias', true)) this.bias = this.weight('bias', [this.filters]);
    super.build(inputShape);
  }

  protected override resultShape([shape]: readonly Shape[]): Shape {
    return this.volumeShape(shape, this.span, this.strides, this.filters);
  }

  protected override run(inputs: readonly tf.Tensor[]): tf.Tensor {
    return this.activation.apply(super.run(inputs));
  }

  protected runVolume(x: tf.Tensor5D): tf.Tensor {
    const [samples, depth, height, width, channels] = x.shape;
    const [taps, ,] = this.kernelSize;
    const [stride] = this.strides;
    const [out] = this.sizes([depth], this.span, this.strides) as [number];
    const missing = Math.max(0, (out - 1) * stride + this.span[0] - depth);
    const before = Math.floor(missing / 2);
    const padded = tf.pad(x, [
      [0, 0],
      [before, missing - before],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const slices = Array.from({ length: taps }, (_, tap) => {
      const first = tap * this.dilation[0];
      if (stride === 1) return tf.slice(padded, [0, first, 0, 0, 0], [-1, out, -1, -1, -1]);
      return tf.gather(
        padded,
        Array.from({ length: out }, (_value, i) => first + i * stride),
        1,
      );
    });
    const images = tf.reshape<tf.Rank.R4>(tf.concat(slices, 4), [samples * out, height, width, taps * channels]);
    const [, kh, kw] = this.kernelSize;
    const kernel = tf.reshape<tf.Rank.R4>(tf.transpose(this.kernel!.read(), [1, 2, 0, 3, 4]), [
      kh,
      kw,
      taps * channels,
      this.filters,
    ]);
    const convolved = tf.conv2d(images, kernel, [this.strides[1], this.strides[2]], this.padding, 'NHWC', [
      this.dilation[1],
      this.dilation[2],
    ]);
    const [, h, w] = convolved.shape;
    const volume = tf.reshape(convolved, [samples, out, h, w, this.filters]);
    return this.bias === null ? volume : tf.add(volume, this.bias.read());
  }
}

/** Over height and width first, then over depth: the mean or maximum of a box is that of its slices'. */
abstract class Pooling3D extends VolumeLayer {
  private readonly window = this.triple('poolSize', 2);
  private readonly strides = this.config['strides'] == null ? this.window : this.triple('strides', 1);

  protected override resultShape([shape]: readonly Shape[]): Shape {
    return this.volumeShape(shape, this.window, this.strides, shape.at(this.channelsFirst ? 1 : -1) ?? null);
  }

  protected runVolume(x: tf.Tensor5D): tf.Tensor {
    const [samples, depth, height, width, channels] = x.shape;
    const slices = tf.reshape<tf.Rank.R4>(x, [samples * depth, height, width, channels]);
    const [window, strides] = [this.window, this.strides];
    const small = this.pool(slices, [window[1], window[2]], [strides[1], strides[2]]);
    const [, h, w] = small.shape;
    const columns = tf.reshape<tf.Rank.R4>(small, [samples, depth, h * w, channels]);
    const pooled = this.pool(columns, [window[0], 1], [strides[0], 1]);
    return tf.reshape(pooled, [samples, pooled.shape[1], h, w, channels]);
  }

  protected abstract pool(x: tf.Tensor4D, window: [number, number], strides: [number, number]): tf.Tensor4D;
}

export class MaxPooling3D extends Pooling3D {
  static readonly className = 'MaxPooling3D';

  protected pool(x: tf.Tensor4D, window: [number, number], strides: [number, number]): tf.Tensor4D {
    return tf.maxPool(x, window, strides, this.padding);
  }
}

export class AveragePooling3D extends Pooling3D {
  static readonly className = 'AveragePooling3D';

  protected pool(x: tf.Tensor4D, window: [number, number], strides: [number, number]): tf.Tensor4D {
    return tf.avgPool(x, window, strides, this.padding);
  }
}
