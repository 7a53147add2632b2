/** Layers that resize and crop images, `[samples, height, width, channels]` or channels first. */

import * as tf from '@tensorflow/tfjs-core';
import { bilinear, interpolate, type Interpolation, nearest } from '../../backend/interpolation';
import { OwnLayer, type Shape } from './ownLayer';

const INTERPOLATIONS: Readonly<Record<string, Interpolation>> = { bilinear, nearest };

/** tfjs has kernels for it, but none that agree with Keras in the forward pass and have a correct gradient on every backend. */
function resize(x: tf.Tensor4D, [height, width]: readonly [number, number], interpolation: Interpolation): tf.Tensor4D {
  const [, h, w] = x.shape;
  const matrix = (from: number, to: number): tf.Tensor2D => tf.tensor2d(interpolation(from, to), [to, from]);
  return interpolate(x, matrix(h, height), matrix(w, width));
}

function crop(x: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [samples, h, w, channels] = x.shape;
  return tf.slice(
    x,
    [0, Math.floor((h - height) / 2), Math.floor((w - width) / 2), 0],
    [samples, height, width, channels],
  );
}

/** The largest centred part of the image with the proportions of the target. */
function cropToProportions(x: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [, h, w] = x.shape;
  return crop(
    x,
    Math.max(1, Math.min(h, Math.floor((w * height) / width))),
    Math.max(1, Math.min(w, Math.floor((h * width) / height))),
  );
}

abstract class SizedImage extends OwnLayer {
  protected readonly height = this.number('height', 1);
  protected readonly width = this.number('width', 1);

  protected override resultShape([shape]: readonly Shape[]): Shape {
    return this.channelsFirst
      ? [shape[0], shape[1], this.height, this.width]
      : [shape[0], this.height, this.width, shape[3]];
  }

  protected run([x]: readonly tf.Tensor[]): tf.Tensor {
    const image = tf.cast(x, 'float32') as tf.Tensor4D;
    if (!this.channelsFirst) return this.runImage(image);
    return tf.transpose(this.runImage(tf.transpose(image, [0, 2, 3, 1])), [0, 3, 1, 2]);
  }

  /** On channels-last images. */
  protected abstract runImage(x: tf.Tensor4D): tf.Tensor4D;
}

export class Resizing extends SizedImage {
  static readonly className = 'Resizing';
  private readonly interpolation = this.findInterpolation();

  protected runImage(x: tf.Tensor4D): tf.Tensor4D {
    const image = this.flag('cropToAspectRatio', false) ? cropToProportions(x, this.height, this.width) : x;
    return resize(image, [this.height, this.width], this.interpolation);
  }

  private findInterpolation(): Interpolation {
    const name = this.text('interpolation', 'bilinear');
    const found = Object.hasOwn(INTERPOLATIONS, name) ? INTERPOLATIONS[name] : undefined;
    if (found === undefined) throw new Error(`the interpolation "${name}" cannot be computed`);
    if (this.flag('padToAspectRatio', false)) throw new Error('padToAspectRatio cannot be computed');
    return found;
  }
}

/** The centre of the image; images that are too small are enlarged first. */
export class CenterCrop extends SizedImage {
  static readonly className: string = 'CenterCrop';

  protected runImage(x: tf.Tensor4D): tf.Tensor4D {
    const [, h, w] = x.shape;
    if (h >= this.height && w >= this.width) return crop(x, this.height, this.width);
    return resize(cropToProportions(x, this.height, this.width), [this.height, this.width], bilinear);
  }
}

/** In inference the same as CenterCrop but that larger images are scaled down to the crop's size first. */
export class RandomCrop extends SizedImage {
  static readonly className = 'RandomCrop';

  protected runImage(x: tf.Tensor4D): tf.Tensor4D {
    return resize(cropToProportions(x, this.height, this.width), [this.height, this.width], bilinear);
  }
}
