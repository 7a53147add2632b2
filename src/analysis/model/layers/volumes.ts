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

/** A sum of convolutions of images, one for each slice of the kernel `[depth, height, width, in, out]` in depth. */
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
    const [taps, kh, kw] = this.kernelSize;
    const [strideInDepth, ...strides] = this.strides;
    const [dilationInDepth, ...dilations] = this.dilation;
    const [out] = this.sizes([depth], this.span, this.strides) as [number];
    const missing = Math.max(0, (out - 1) * strideInDepth + this.span[0] - depth);
    const before = Math.floor(missing / 2);
    const { padding, filters } = this;
    // As few axes as possible: the kernels of tfjs for many are slow.
    const planes = (volume: tf.Tensor): tf.Tensor3D => tf.reshape(volume, [samples, volume.shape[1] ?? 1, -1]);
    const padded = (volume: tf.Tensor, first: number, last: number): tf.Tensor3D =>
      first === 0 && last === 0
        ? planes(volume)
        : tf.pad(planes(volume), [
            [0, 0],
            [first, last],
            [0, 0],
          ]);
    const images = (input: tf.Tensor3D, tap: number): tf.Tensor4D => {
      const first = tap * dilationInDepth;
      const slices =
        strideInDepth === 1
          ? tf.slice(input, [0, first, 0], [-1, out, -1])
          : tf.gather(
              input,
              Array.from({ length: out }, (_value, i) => first + i * strideInDepth),
              1,
            );
      return tf.reshape(slices, [samples * out, height, width, channels]);
    };
    const filter = (kernel: tf.Tensor, tap: number): tf.Tensor4D =>
      tf.reshape(tf.slice(kernel, tap, 1), [kh, kw, channels, filters]);
    const convolve = (volume: tf.Tensor, kernel: tf.Tensor): tf.Tensor => {
      const input = padded(volume, before, missing - before);
      const sum = sumOver(taps, (tap) =>
        tf.conv2d(images(input, tap), filter(kernel, tap), strides, padding, 'NHWC', dilations),
      );
      const [, h, w] = sum.shape;
      return tf.reshape(sum, [samples, out, h, w, filters]);
    };
    const kernel = this.kernel!.read();
    const bias = this.bias?.read() ?? tf.zeros([filters]);
    if (strideInDepth > 1 || this.dilation.some((rate) => rate > 1)) return tf.add(convolve(x, kernel), bias);
    // The gradients written out: those of each operation by itself would keep some ten tensors of the size of the output.
    const attributes = { strides, pad: padding, dataFormat: 'NHWC' };
    const layer = tf.customGrad((...args) => {
      const [volume, weights, offsets, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
      save([volume, weights]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
        const [input, ownKernel] = saved;
        const [, , h, w] = dy.shape;
        // Slice d of the input has met slice d + before - tap of the output.
        const around = taps - 1;
        const outer = padded(dy, around, around);
        const dx = sumOver(taps, (tap) =>
          tf.engine().runKernel(
            tf.Conv2DBackpropInput,
            {
              dy: tf.reshape(tf.slice(outer, [0, before - tap + around, 0], [-1, depth, -1]), [
                samples * depth,
                h,
                w,
                filters,
              ]),
              filter: filter(ownKernel, tap),
            },
            { ...attributes, inputShape: [samples * depth, height, width, channels] },
          ),
        );
        const inner = padded(input, before, missing - before);
        const flat = tf.reshape(dy, [samples * out, h, w, filters]);
        const dKernel = tf.stack(
          Array.from({ length: taps }, (_, tap) =>
            tf.tidy(() =>
              tf
                .engine()
                .runKernel<tf.Tensor>(
                  tf.Conv2DBackpropFilter,
                  { x: images(inner, tap), dy: flat },
                  { ...attributes, filterShape: [kh, kw, channels, filters] },
                ),
            ),
          ),
        );
        return [tf.reshape(dx, input.shape), dKernel, tf.sum(dy, [0, 1, 2, 3])];
      };
      return { value: tf.add(convolve(volume, weights), offsets), gradFunc };
    });
    return layer(x, kernel, bias);
  }
}

/** Each term in a scope of its own, so that what it was made of is released before the next. */
function sumOver(count: number, term: (index: number) => tf.Tensor): tf.Tensor {
  let sum = tf.tidy(() => term(0));
  for (let i = 1; i < count; i++) {
    const before = sum;
    sum = tf.tidy(() => tf.add(before, term(i)));
    before.dispose();
  }
  return sum;
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
