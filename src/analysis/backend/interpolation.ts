/** Resizing of images: linear in the pixels and separable, so that it is two matrix products. */

import { matMul, reshape, transpose, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';

/** Contribution of input pixel `from` to output pixel `to` along one axis: `matrix[to][from]`. */
export type Interpolation = (from: number, to: number) => number[][];

/** Half-pixel centres, as `tf.image.resize` has them since TensorFlow 2. */
const centre = (i: number, from: number, to: number): number => ((i + 0.5) * from) / to - 0.5;

export const bilinear: Interpolation = (from, to) =>
  Array.from({ length: to }, (_, i) => {
    const row = new Array<number>(from).fill(0);
    const x = Math.min(from - 1, Math.max(0, centre(i, from, to)));
    const low = Math.floor(x);
    const high = Math.min(from - 1, low + 1);
    row[low] += 1 - (x - low);
    row[high] += x - low;
    return row;
  });

export const nearest: Interpolation = (from, to) =>
  Array.from({ length: to }, (_, i) => {
    const row = new Array<number>(from).fill(0);
    row[Math.min(from - 1, Math.floor(((i + 0.5) * from) / to))] = 1;
    return row;
  });

/** Images `[samples, h, w, channels]` times `[height, h]` and `[width, w]`, one after the other. */
export function interpolate(x: Tensor4D, rows: Tensor2D, columns: Tensor2D): Tensor4D {
  const [samples, h, w, channels] = x.shape;
  const [[height], [width]] = [rows.shape, columns.shape];
  const tall = matMul(rows, reshape(transpose(x, [1, 0, 2, 3]), [h, samples * w * channels]));
  const turned = transpose(reshape(tall, [height, samples, w, channels]), [2, 1, 0, 3]);
  const wide = matMul(columns, reshape(turned, [w, samples * height * channels]));
  return transpose(reshape(wide, [width, samples, height, channels]), [1, 2, 0, 3]);
}
