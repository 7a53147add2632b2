import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { squaresOf, withSquares } from '../../../src/analysis/backend/squares';
import { seededRandom, type Random } from './support';

interface Window {
  batch: number;
  height: number;
  width: number;
  channels: number;
  outChannels: number;
  filter: [number, number];
  strides: [number, number];
  dilations: [number, number];
  pad: 'same' | 'valid';
  outHeight: number;
  outWidth: number;
  padTop: number;
  padLeft: number;
}

const CASES = 40;

/** Largest error allowed, relative to the sum of the magnitudes of the summands. */
const TOLERANCE = 1e-6;

/** Random geometry; paddings from the definition of 'same' in TensorFlow's documentation, not from tfjs. */
function randomWindow(random: Random): Window {
  const pad = random.uniform() < 0.5 ? 'same' : 'valid';
  const filter: [number, number] = [random.integer(1, 4), random.integer(1, 4)];
  const dilated = random.uniform() < 0.4;
  const dilations: [number, number] = dilated ? [random.integer(1, 3), random.integer(1, 3)] : [1, 1];
  const strides: [number, number] = dilated ? [1, 1] : [random.integer(1, 3), random.integer(1, 3)];
  const effective = filter.map((size, axis) => (size - 1) * dilations[axis] + 1);
  const [height, width] = effective.map((size) => size + random.integer(0, 7));
  const [vertical, horizontal] = [height, width].map((size, axis) => {
    if (pad === 'valid') return { out: Math.floor((size - effective[axis]) / strides[axis]) + 1, before: 0 };
    const out = Math.ceil(size / strides[axis]);
    return { out, before: Math.max(0, Math.floor(((out - 1) * strides[axis] + effective[axis] - size) / 2)) };
  });
  return {
    batch: random.integer(0, 9) === 0 ? 0 : random.integer(1, 3),
    height,
    width,
    channels: random.integer(1, 21),
    outChannels: random.integer(1, 21),
    filter,
    strides,
    dilations,
    pad,
    outHeight: vertical.out,
    outWidth: horizontal.out,
    padTop: vertical.before,
    padLeft: horizontal.before,
  };
}

/** Visits every pair of an output position and an input position inside its window. */
function eachTap(w: Window, visit: (x: number, tap: number, y: number) => void): void {
  for (let b = 0; b < w.batch; b++)
    for (let oh = 0; oh < w.outHeight; oh++)
      for (let ow = 0; ow < w.outWidth; ow++)
        for (let kh = 0; kh < w.filter[0]; kh++)
          for (let kw = 0; kw < w.filter[1]; kw++) {
            const ih = oh * w.strides[0] + kh * w.dilations[0] - w.padTop;
            const iw = ow * w.strides[1] + kw * w.dilations[1] - w.padLeft;
            if (ih < 0 || iw < 0 || ih >= w.height || iw >= w.width) continue;
            const x = (b * w.height + ih) * w.width + iw;
            visit(x, kh * w.filter[1] + kw, (b * w.outHeight + oh) * w.outWidth + ow);
          }
}

/** A float64 sum of products that remembers the magnitude of its summands. */
class Sums {
  readonly values: Float64Array;
  private readonly magnitudes: Float64Array;

  constructor(size: number) {
    this.values = new Float64Array(size);
    this.magnitudes = new Float64Array(size);
  }

  add(index: number, value: number): void {
    this.values[index] += value;
    this.magnitudes[index] += Math.abs(value);
  }

  expectEqual(actual: tf.Tensor, shape: number[]): void {
    expect(actual.shape).toEqual(shape);
    const values = actual.dataSync();
    actual.dispose();
    expect(values.length).toBe(this.values.length);
    let worst = 0;
    this.values.forEach((value, i) => {
      const error = Math.abs(values[i] - value) / (this.magnitudes[i] + 1e-30);
      worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
    });
    expect(worst).toBeLessThanOrEqual(TOLERANCE);
  }
}

const run = (name: string, inputs: Record<string, tf.Tensor>, attributes: tf.NamedAttrMap): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attributes);

function withTensors(tensors: tf.Tensor[], use: () => void): void {
  use();
  tf.dispose(tensors);
}

function forEachCase(seed: number, body: (random: Random, w: Window) => void): void {
  const random = seededRandom(seed);
  for (let i = 0; i < CASES; i++) body(random, randomWindow(random));
}

interface Product {
  readonly aBatch: number[];
  readonly bBatch: number[];
  readonly outBatch: number[];
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Which matrix of a batch stands at a place of the batch that it is broadcast to. */
function matrixAt(place: number, own: readonly number[], outBatch: readonly number[]): number {
  let [index, stride] = [0, 1];
  for (let axis = own.length - 1, outAxis = outBatch.length - 1; axis >= 0; axis--, outAxis--) {
    index += (own[axis] === 1 ? 0 : place % outBatch[outAxis]) * stride;
    stride *= own[axis];
    place = Math.floor(place / outBatch[outAxis]);
  }
  return index;
}

function expectProduct(random: Random, product: Product): void {
  const { aBatch, bBatch, outBatch, rows, depth, columns, transposeA, transposeB } = product;
  const aShape = [...aBatch, ...(transposeA ? [depth, rows] : [rows, depth])];
  const bShape = [...bBatch, ...(transposeB ? [columns, depth] : [depth, columns])];
  const [A, B] = [aShape, bShape].map((shape) => random.normals(tf.util.sizeFromShape(shape)));
  const count = tf.util.sizeFromShape(outBatch);
  const out = new Sums(count * rows * columns);
  for (let i = 0; i < count; i++) {
    const aStart = matrixAt(i, aBatch, outBatch) * rows * depth;
    const bStart = matrixAt(i, bBatch, outBatch) * depth * columns;
    for (let m = 0; m < rows; m++)
      for (let n = 0; n < columns; n++)
        for (let k = 0; k < depth; k++) {
          const a = A[aStart + (transposeA ? k * rows + m : m * depth + k)];
          const b = B[bStart + (transposeB ? n * depth + k : k * columns + n)];
          out.add((i * rows + m) * columns + n, a * b);
        }
  }
  const [a, b] = [tf.tensor(A, aShape), tf.tensor(B, bShape)];
  withTensors([a, b], () => {
    out.expectEqual(run('BatchMatMul', { a, b }, { transposeA, transposeB }), [...outBatch, rows, columns]);
  });
}

/** Compares a convolution, without and with a bias, and its gradients with direct sums. */
function expectConvolution(random: Random, w: Window): void {
  const { channels, outChannels, strides, dilations, pad } = w;
  const xShape = [w.batch, w.height, w.width, channels];
  const yShape = [w.batch, w.outHeight, w.outWidth, outChannels];
  const filterShape = [...w.filter, channels, outChannels];
  const [X, F, C, D] = [xShape, filterShape, [outChannels], yShape].map((shape) =>
    random.normals(tf.util.sizeFromShape(shape)),
  );
  const [y, biased, dw, dx] = [D, D, F, X].map(({ length }) => new Sums(length));
  D.forEach((_, index) => biased.add(index, C[index % outChannels]));
  eachTap(w, (xAt, tap, yAt) => {
    for (let ci = 0; ci < channels; ci++)
      for (let co = 0; co < outChannels; co++) {
        const [xi, fi, yi] = [xAt * channels + ci, (tap * channels + ci) * outChannels + co, yAt * outChannels + co];
        y.add(yi, X[xi] * F[fi]);
        biased.add(yi, X[xi] * F[fi]);
        dw.add(fi, X[xi] * D[yi]);
        dx.add(xi, F[fi] * D[yi]);
      }
  });
  const [x, filter, bias, dy] = [tf.tensor(X, xShape), tf.tensor(F, filterShape), tf.tensor1d(C), tf.tensor(D, yShape)];
  const attributes = { strides, dilations, pad, dataFormat: 'NHWC' };
  withTensors([x, filter, bias, dy], () => {
    y.expectEqual(run('Conv2D', { x, filter }, attributes), yShape);
    biased.expectEqual(run('FusedConv2D', { x, filter, bias }, { ...attributes, activation: 'linear' }), yShape);
    dw.expectEqual(run('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape }), filterShape);
    dx.expectEqual(run('Conv2DBackpropInput', { dy, filter }, { ...attributes, inputShape: xShape }), xShape);
  });
}

/** Compares every kernel of src/analysis/backend with a direct loop in float64. */
export function kernelCases(): void {
  test('convolutions and their gradients', () => {
    forEachCase(1, expectConvolution);
  });

  test.each([
    // More positions than one block has, within a row, in rows and in samples.
    { batch: 2, height: 2, width: 300, channels: 3, outChannels: 5, filter: [1, 5] },
    { batch: 2, height: 19, width: 18, channels: 5, outChannels: 9, filter: [3, 3] },
    { batch: 40, height: 3, width: 3, channels: 2, outChannels: 8, filter: [2, 2] },
    // A filter whose panels are more than one block.
    { batch: 3, height: 3, width: 3, channels: 160, outChannels: 106, filter: [3, 3] },
  ] as const)('convolutions of several blocks: %j', (shape) => {
    const { height, width, filter } = shape;
    const [padTop, padLeft] = filter.map((size) => Math.floor((size - 1) / 2));
    const steps = { strides: [1, 1] as [number, number], dilations: [1, 1] as [number, number] };
    expectConvolution(seededRandom(16), {
      ...{ ...shape, ...steps, filter: [...filter], pad: 'same' },
      ...{ outHeight: height, outWidth: width, padTop, padLeft },
    });
  });

  test('a convolution of what is not finite is not finite exactly where the filter sees it', () => {
    const [size, channels, filters] = [6, 2, 5];
    const X = new Float32Array(size * size * channels).fill(1);
    X[(2 * size + 3) * channels] = NaN;
    const [x, filter] = [tf.tensor(X, [1, size, size, channels]), tf.ones([3, 3, channels, filters])];
    const y = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid');
    y.dataSync().forEach((value, index) => {
      const [row, column] = [Math.floor(index / filters / 4), Math.floor(index / filters) % 4];
      expect(value).toBe(row <= 2 && column >= 1 && column <= 3 ? NaN : 9 * channels);
    });
    tf.dispose([x, filter, y]);
  });

  test('depthwise convolutions and their gradients', () => {
    forEachCase(2, (random, w) => {
      const { channels } = w;
      const multiplier = random.uniform() < 0.6 ? 1 : random.integer(2, 3);
      const outChannels = channels * multiplier;
      const xShape = [w.batch, w.height, w.width, channels];
      const yShape = [w.batch, w.outHeight, w.outWidth, outChannels];
      const filterShape = [...w.filter, channels, multiplier];
      const [X, F, D] = [xShape, filterShape, yShape].map((shape) => random.normals(tf.util.sizeFromShape(shape)));
      const [y, dw, dx] = [D, F, X].map(({ length }) => new Sums(length));
      eachTap(w, (xAt, tap, yAt) => {
        for (let co = 0; co < outChannels; co++) {
          const [xi, fi, yi] = [
            xAt * channels + Math.floor(co / multiplier),
            tap * outChannels + co,
            yAt * outChannels + co,
          ];
          y.add(yi, X[xi] * F[fi]);
          dw.add(fi, X[xi] * D[yi]);
          dx.add(xi, F[fi] * D[yi]);
        }
      });
      const [x, filter, dy] = [tf.tensor(X, xShape), tf.tensor(F, filterShape), tf.tensor(D, yShape)];
      const { strides, dilations, pad } = w;
      const attributes = { strides, dilations, pad };
      withTensors([x, filter, dy], () => {
        y.expectEqual(run('DepthwiseConv2dNative', { x, filter }, attributes), yShape);
        const onFilter = run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...attributes, filterShape });
        dw.expectEqual(onFilter, filterShape);
        const onInput = run(
          'DepthwiseConv2dNativeBackpropInput',
          { dy, filter },
          { ...attributes, inputShape: xShape },
        );
        dx.expectEqual(onInput, xShape);
      });
    });
  });

  test.each([
    ['any values', (value: number) => value],
    ['negative values only', (value: number) => -1 - Math.abs(value)],
    ['ties', (value: number) => Math.round(value)],
    ['nothing but ties', () => -2],
    ['some NaN and -Infinity', (value: number) => (value > 1 ? NaN : value < -1 ? -Infinity : value)],
  ])('MaxPoolGrad: %s', (_name, map) => {
    forEachCase(3, (random, w) => {
      const pooling: Window = { ...w, dilations: [1, 1] };
      if (w.dilations.join() !== '1,1') return;
      const { channels, strides, pad } = pooling;
      const xShape = [w.batch, w.height, w.width, channels];
      const yShape = [w.batch, w.outHeight, w.outWidth, channels];
      const X = random.normals(tf.util.sizeFromShape(xShape)).map(map);
      const D = random.normals(tf.util.sizeFromShape(yShape));
      const winners = new Map<number, number>();
      // Row-major order, so that the first of equals wins; NaN never compares as larger.
      eachTap(pooling, (x, _tap, y) => {
        for (let c = 0; c < channels; c++) {
          const best = winners.get(y * channels + c);
          if (X[x * channels + c] > (best === undefined ? -Infinity : X[best]))
            winners.set(y * channels + c, x * channels + c);
        }
      });
      const dx = new Sums(X.length);
      for (const [y, x] of winners) dx.add(x, D[y]);
      const [input, dy] = [tf.tensor(X, xShape), tf.tensor(D, yShape)];
      withTensors([input, dy], () => {
        dx.expectEqual(run('MaxPoolGrad', { dy, input, output: dy }, { filterSize: w.filter, strides, pad }), xShape);
      });
    });
  });

  test('AvgPoolGrad', () => {
    forEachCase(4, (random, w) => {
      if (w.dilations.join() !== '1,1') return;
      const { channels, strides, pad } = w;
      const xShape = [w.batch, w.height, w.width, channels];
      const yShape = [w.batch, w.outHeight, w.outWidth, channels];
      const D = random.normals(tf.util.sizeFromShape(yShape));
      const inside = new Map<number, number>();
      eachTap(w, (_x, _tap, y) => inside.set(y, (inside.get(y) ?? 0) + 1));
      const dx = new Sums(tf.util.sizeFromShape(xShape));
      eachTap(w, (x, _tap, y) => {
        for (let c = 0; c < channels; c++) dx.add(x * channels + c, D[y * channels + c] / inside.get(y)!);
      });
      const [input, dy] = [tf.zeros(xShape), tf.tensor(D, yShape)];
      withTensors([input, dy], () => {
        dx.expectEqual(run('AvgPoolGrad', { dy, input }, { filterSize: w.filter, strides, pad }), xShape);
      });
    });
  });

  test('products of matrices', () => {
    const random = seededRandom(5);
    for (let i = 0; i < 2 * CASES; i++) {
      const batch = [[], [1], [3], [2, 2], [0]][random.integer(0, 4)];
      const [rows, columns] = [random.integer(0, 19), i % 9 === 0 ? random.integer(510, 530) : random.integer(0, 19)];
      const depth = i % 5 === 0 ? random.integer(250, 530) : random.integer(0, 30);
      expectProduct(random, {
        aBatch: batch,
        bBatch: batch,
        outBatch: batch,
        rows,
        depth,
        columns,
        transposeA: i % 2 === 0,
        transposeB: i % 3 === 0,
      });
    }
  });

  test.each([
    [[2], [1], [2]],
    [[1], [2], [2]],
    [
      [1, 1],
      [2, 3],
      [2, 3],
    ],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [[2, 3], [3], [2, 3]],
    [[3], [2, 1], [2, 3]],
    [[], [2], [2]],
    [[1], [0], [0]],
  ])('products of matrices in batches %j and %j', (aBatch, bBatch, outBatch) => {
    const random = seededRandom(6);
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        expectProduct(random, { aBatch, bBatch, outBatch, rows: 5, depth: 6, columns: 9, transposeA, transposeB });
      }
    }
  });

  test.each([false, true])('a row of a product is the same whatever others there are, transposed: %j', (transposeA) => {
    const random = seededRandom(12);
    const [rows, depth, columns] = [21, 300, 19];
    const whole = tf.tensor2d(random.normals(rows * depth), [rows, depth]);
    const b = tf.tensor2d(random.normals(depth * columns), [depth, columns]);
    const product = (from: number, count: number): Float32Array =>
      tf.tidy(() => {
        const part = tf.slice(whole, [from, 0], [count, depth]);
        return tf.matMul(transposeA ? tf.transpose(part) : part, b, transposeA).dataSync() as Float32Array;
      });
    withTensors([whole, b], () => {
      const all = product(0, rows);
      for (let cut = 0; cut <= rows; cut++) {
        expect([...product(0, cut), ...product(cut, rows - cut)]).toEqual([...all]);
      }
    });
  });

  test.each([
    ['linear', (z: number) => z],
    ['relu', (z: number) => Math.max(z, 0)],
    ['relu6', (z: number) => Math.min(Math.max(z, 0), 6)],
    ['leakyrelu', (z: number) => (z > 0 ? z : 0.25 * z)],
    ['prelu', (z: number, column: number) => (z > 0 ? z : (z * (column + 1)) / 8)],
    ['elu', (z: number) => (z > 0 ? z : Math.expm1(z))],
    ['sigmoid', (z: number) => 1 / (1 + Math.exp(-z))],
  ] as const)('products with a bias and the activation %s', (activation, phi) => {
    const random = seededRandom(11);
    for (const [rows, depth, columns] of [
      [7, 5, 13],
      [8, 300, 16],
      [1, 0, 3],
    ]) {
      const [A, B, C] = [rows * depth, depth * columns, columns].map((length) => random.normals(length));
      const [a, b, bias] = [tf.tensor(A, [1, rows, depth]), tf.tensor(B, [1, depth, columns]), tf.tensor1d(C)];
      const preluActivationWeights = tf.tensor1d(Float32Array.from(C, (_, column) => (column + 1) / 8));
      const inputs = { a, b, bias, ...(activation === 'prelu' ? { preluActivationWeights } : {}) };
      const attributes = { transposeA: false, transposeB: false, activation, leakyreluAlpha: 0.25 };
      const result = run('_FusedMatMul', inputs, attributes);
      expect(result.shape).toEqual([1, rows, columns]);
      const values = result.dataSync();
      for (let m = 0; m < rows; m++) {
        for (let n = 0; n < columns; n++) {
          let [z, magnitude] = [C[n], Math.abs(C[n])];
          for (let k = 0; k < depth; k++) {
            const summand = A[m * depth + k] * B[k * columns + n];
            z += summand;
            magnitude += Math.abs(summand);
          }
          // No activation is steeper than 1; its own rounding adds to that of the sum.
          const error = Math.abs(values[m * columns + n] - phi(z, n));
          expect(error).toBeLessThanOrEqual(TOLERANCE * (1 + magnitude));
        }
      }
      tf.dispose([a, b, bias, preluActivationWeights, result]);
    }
  });

  test('a bias of another length is refused', () => {
    const [a, b, bias] = [tf.ones([1, 2, 3]), tf.ones([1, 3, 4]), tf.ones([5])];
    const attributes = { transposeA: false, transposeB: false, activation: 'linear' };
    withTensors([a, b, bias], () => {
      expect(() => run('_FusedMatMul', { a, b, bias }, attributes)).toThrow('shape [5] does not fit 4 columns');
    });
  });

  test('products of what is not finite are not finite exactly where a sum has such a summand', () => {
    // Rows that are taken by six, by four and by three.
    const [rows, depth, columns] = [13, 5, 11];
    const A = new Float32Array(rows * depth).fill(1);
    const B = new Float32Array(depth * columns).fill(1);
    A[1 * depth + 2] = NaN;
    A[5 * depth + 4] = Infinity;
    B[3 * columns + 10] = -Infinity;
    const [a, b] = [tf.tensor2d(A, [rows, depth]), tf.tensor2d(B, [depth, columns])];
    const product = tf.matMul(a, b);
    const values = product.dataSync();
    for (let m = 0; m < rows; m++) {
      for (let n = 0; n < columns; n++) {
        const infinite = (m === 5 ? Infinity : 0) + (n === 10 ? -Infinity : 0);
        expect(values[m * columns + n]).toBe(m === 1 ? NaN : infinite === 0 ? depth : infinite);
      }
    }
    tf.dispose([a, b, product]);
  });

  test('pointwise convolutions and their gradients', () => {
    const random = seededRandom(12);
    for (const [positions, channels, filters] of [
      [[2, 3, 5], 7, 9],
      [[1, 4, 4], 16, 8],
      [[0, 2, 2], 3, 4],
    ] as [number[], number, number][]) {
      const count = tf.util.sizeFromShape(positions);
      const [X, F, C, D] = [count * channels, channels * filters, filters, count * filters].map((length) =>
        random.normals(length),
      );
      const [y, dx, dw] = [D, X, F].map(({ length }) => new Sums(length));
      for (let p = 0; p < count; p++) {
        for (let o = 0; o < filters; o++) {
          y.add(p * filters + o, C[o]);
          for (let i = 0; i < channels; i++) {
            y.add(p * filters + o, X[p * channels + i] * F[i * filters + o]);
            dx.add(p * channels + i, D[p * filters + o] * F[i * filters + o]);
            dw.add(i * filters + o, D[p * filters + o] * X[p * channels + i]);
          }
        }
      }
      const [xShape, yShape, filterShape] = [
        [...positions, channels],
        [...positions, filters],
        [1, 1, channels, filters],
      ];
      const [x, filter, bias, dy] = [
        tf.tensor(X, xShape),
        tf.tensor(F, filterShape),
        tf.tensor1d(C),
        tf.tensor(D, yShape),
      ];
      const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] };
      withTensors([x, filter, bias, dy], () => {
        y.expectEqual(run('FusedConv2D', { x, filter, bias }, { ...attributes, activation: 'linear' }), yShape);
        const plain = run('Conv2D', { x, filter }, attributes);
        y.expectEqual(tf.add(plain, bias), yShape);
        plain.dispose();
        dx.expectEqual(run('Conv2DBackpropInput', { dy, filter }, { ...attributes, inputShape: xShape }), xShape);
        dw.expectEqual(run('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape }), filterShape);
      });
    }
  });

  test.each([
    [[3, 4], [0]],
    [[70, 5], [0]],
    [[3, 4], [1]],
    [[2, 3, 17], [1]],
    [
      [2, 3, 17],
      [0, 1],
    ],
    [
      [2, 3, 4],
      [0, 2],
    ],
    [[2, 3, 4], [-2]],
    [[2, 0, 4], [1]],
    [[0, 3], [0]],
    [[2, 3, 4], []],
  ])('sums of shape %j over the axes %j', (shape, axes) => {
    const random = seededRandom(13);
    const X = random.normals(tf.util.sizeFromShape(shape));
    const summed = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
    const keptShape = shape.map((length, axis) => (summed.includes(axis) ? 1 : length));
    const outShape = shape.filter((_, axis) => !summed.includes(axis));
    const strides = shape.map((_, axis) => tf.util.sizeFromShape(shape.slice(axis + 1)));
    const keptStrides = keptShape.map((_, axis) => tf.util.sizeFromShape(keptShape.slice(axis + 1)));
    const sums = [0, 1].map(() => new Sums(tf.util.sizeFromShape(outShape)));
    X.forEach((value, index) => {
      const at = shape.reduce((total, length, axis) => {
        const place = Math.floor(index / strides[axis]) % length;
        return total + (summed.includes(axis) ? 0 : place * keptStrides[axis]);
      }, 0);
      for (const sum of sums) sum.add(at, value);
    });
    const x = tf.tensor(X, shape);
    withTensors([x], () => {
      sums[0].expectEqual(run('Sum', { x }, { axis: axes, keepDims: false }), outShape);
      sums[1].expectEqual(tf.sum(x, axes, true), keptShape);
    });
  });

  test('tiles', () => {
    const random = seededRandom(14);
    for (let i = 0; i < CASES; i++) {
      const rank = random.integer(1, 4);
      const shape = Array.from({ length: rank }, () => [0, 1, 1, 1, 2, 3, 5][random.integer(i % 7 === 0 ? 0 : 1, 6)]);
      const reps = shape.map(() => random.integer(i % 11 === 0 ? 0 : 1, 6));
      const outShape = shape.map((length, axis) => length * reps[axis]);
      const dtype = i % 3 === 0 ? 'int32' : i % 3 === 1 ? 'bool' : 'float32';
      const X = Array.from({ length: tf.util.sizeFromShape(shape) }, (_, k) => (dtype === 'bool' ? k % 2 : k + 1));
      const expected = Array.from({ length: tf.util.sizeFromShape(outShape) }, (_, index) => {
        let from = 0;
        for (let axis = 0, stride = tf.util.sizeFromShape(outShape); axis < rank; axis++) {
          stride /= outShape[axis];
          from = from * shape[axis] + (Math.floor(index / stride) % shape[axis]);
        }
        return X[from];
      });
      const x = tf.tensor(X, shape, dtype);
      const tiled = tf.tile(x, reps);
      expect([tiled.shape, tiled.dtype]).toEqual([outShape, dtype]);
      expect(Array.from(tiled.dataSync())).toEqual(expected);
      tf.dispose([x, tiled]);
    }
  });

  test.each([
    ['sigmoid', (x: tf.Tensor) => tf.sigmoid(x), (x: number) => Math.exp(-x) / (1 + Math.exp(-x)) ** 2],
    ['tanh', (x: tf.Tensor) => tf.tanh(x), (x: number) => 1 / Math.cosh(x) ** 2],
  ] as const)('gradient of %s', (_name, activation, derivative) => {
    const random = seededRandom(15);
    for (const size of [0, 1, 3, 4, 37, 256, 771]) {
      const [X, D] = [random.normals(size).map((value) => 3 * value), random.normals(size)];
      const [x, dy] = [tf.tensor1d(X), tf.tensor1d(D)];
      const gradient = tf.grad(activation)(x, dy);
      gradient.dataSync().forEach((value, i) => {
        // 1 - y^2 of a y that was rounded to float32.
        expect(Math.abs(value - D[i] * derivative(X[i]))).toBeLessThan(5e-7 * (1 + Math.abs(D[i])));
      });
      tf.dispose([x, dy, gradient]);
    }
  });

  /** Batch normalisation whose gradient is `scale dy`. */
  const normalized = (channels: number, scale: number) => (x: tf.Tensor) => {
    const [zeros, ones, scales] = [0, 1, scale].map((value) => tf.fill<tf.Rank.R1>([channels], value));
    return tf.batchNorm(tf.reshape<tf.Rank.R4>(x, [-1, 1, 1, channels]), zeros, ones, undefined, scales, 0);
  };

  describe.each([
    ['relu', (x: tf.Tensor) => tf.relu(x)],
    ['sigmoid', (x: tf.Tensor) => tf.sigmoid(x)],
    ['tanh', (x: tf.Tensor) => tf.tanh(x)],
    ['batch normalisation', normalized(1, 3)],
    ['batch normalisation of 17 channels', normalized(17, 3)],
  ] as const)('sum of squares of the gradient of %s', (_name, activation) => {
    test.each([
      ['ordinary', 1],
      ['tiny', 1e-30],
      ['within the squares of float32 at times', 3e-16],
      ['huge', 1e37],
    ])('%s', (_size, spread) => {
      const random = seededRandom(16);
      for (const rows of [0, 1, 3, 15, 16, 30, 80]) {
        const X = random.normals(17 * rows);
        const D = random.normals(17 * rows).map((value, i) => (i % 700 < 300 ? spread * value : value / 1e10));
        D.fill(0, 17 * 16, 17 * 40);
        for (const given of [D, D.map((value, i) => (i % 500 === 77 ? [NaN, Infinity][i % 2] : value))]) {
          tf.tidy(() => {
            const [x, dy] = [tf.tensor1d(X), tf.tensor1d(given)];
            const gradient = withSquares(() => tf.grad(activation)(x, tf.reshape(dy, activation(x).shape)));
            const values = Array.from(gradient.dataSync());
            const finite = values.filter(Number.isFinite);
            const expected = finite.reduce((sum, value) => sum + value * value, 0);
            const { sum, nonFinite } = squaresOf(gradient);
            expect(nonFinite).toBe(values.length - finite.length);
            expect(Math.abs(sum - expected)).toBeLessThanOrEqual(TOLERANCE * expected);
          });
        }
      }
    });
  });

  test.each([
    // Rows of several blocks, strips whose rows are few, depths of several blocks, more columns than a block has.
    ['pointwise', [2, 40, 41, 12], [1, 1, 12, 7]],
    ['pointwise', [1, 3, 5, 100], [1, 1, 100, 9]],
    ['pointwise', [3, 9, 11, 30], [1, 1, 30, 300]],
    ['pointwise', [1, 2, 7, 600], [1, 1, 600, 5]],
    ['depthwise', [2, 30, 31, 19], [3, 3, 19, 1]],
    ['depthwise', [1, 5, 4, 3], [2, 2, 3, 2]],
    ['spatial', [2, 9, 8, 5], [3, 3, 5, 4]],
  ] as const)('sum of squares of the gradient of a %s convolution: %j, %j', (kind, xShape, filterShape) => {
    const random = seededRandom(17);
    const tensorOf = (shape: readonly number[], spread: number): tf.Tensor4D =>
      tf.tensor4d(random.normals(tf.util.sizeFromShape([...shape])).map((value) => spread * value), [...shape] as [number, number, number, number]); // prettier-ignore
    for (const spread of [1, 1e-30]) {
      tf.tidy(() => {
        const [x, filter] = [tensorOf(xShape, 1), tensorOf(filterShape, 1)];
        const convolve = (input: tf.Tensor): tf.Tensor =>
          (kind === 'depthwise' ? tf.depthwiseConv2d : tf.conv2d)(input as tf.Tensor4D, filter, 1, 'same');
        const dy = tensorOf(convolve(x).shape, spread);
        const gradient = withSquares(() => tf.grad(convolve)(x, dy));
        const values = Array.from(gradient.dataSync());
        const expected = values.reduce((sum, value) => sum + value * value, 0);
        const { sum, nonFinite } = squaresOf(gradient);
        expect(nonFinite).toBe(0);
        expect(Math.abs(sum / expected - 1)).toBeLessThanOrEqual(TOLERANCE);
        const none = withSquares(() => tf.grad(convolve)(x, tf.zerosLike(dy)));
        expect(squaresOf(none)).toEqual({ sum: 0, nonFinite: 0 });
      });
    }
  });

  test('gradients of gradients reach what the backward pass saved', () => {
    const x = tf.scalar(0.7);
    const second = tf.grad((u: tf.Tensor) => tf.grad((v: tf.Tensor) => tf.mul(v, tf.mul(v, v)))(u))(x);
    expect(second.dataSync()[0]).toBeCloseTo(6 * 0.7, 5);
    tf.dispose([x, second]);
  });

  test('UnsortedSegmentSum', () => {
    const random = seededRandom(7);
    for (let i = 0; i < CASES; i++) {
      const [rows, columns, segments] = [random.integer(0, 12), random.integer(1, 19), random.integer(1, 6)];
      const X = random.normals(rows * columns);
      const ids = Int32Array.from({ length: rows }, () => random.integer(0, segments - 1));
      const out = new Sums(segments * columns);
      X.forEach((value, index) => out.add(ids[Math.floor(index / columns)] * columns + (index % columns), value));
      const [x, segmentIds] = [tf.tensor(X, [rows, columns]), tf.tensor(ids, [rows], 'int32')];
      withTensors([x, segmentIds], () => {
        out.expectEqual(run('UnsortedSegmentSum', { x, segmentIds }, { numSegments: segments }), [segments, columns]);
      });
    }
  });

  test.each([
    ['relu', (x: tf.Tensor) => tf.relu(x), (x: number) => x > 0],
    ['relu6', (x: tf.Tensor) => tf.relu6(x), (x: number) => x > 0 && x <= 6],
    ['clipByValue', (x: tf.Tensor) => tf.clipByValue(x, -1, 2), (x: number) => x >= -1 && x <= 2],
  ] as const)('gradient of %s', (_name, activation, passes) => {
    const random = seededRandom(8);
    for (const size of [0, 1, 3, 4, 6, 37, 128, 256, 771]) {
      const borders = [0, -0, 1e-45, -1e-45, -1, 2, 6, 6.0000005, Infinity, -Infinity, NaN];
      const X = random.normals(size).map((value, i) => (i % 3 === 0 ? borders[random.integer(0, 9)] : 4 * value));
      const D = random.normals(size);
      const out = new Sums(size);
      X.forEach((value, i) => out.add(i, passes(value) ? D[i] : 0));
      const [x, dy] = [tf.tensor1d(X), tf.tensor1d(D)];
      withTensors([x, dy], () => out.expectEqual(tf.grad(activation)(x, dy), [size]));
    }
  });

  test.each([
    [0, 4, 0],
    [3, 1, 0],
    [5, 3, 1],
    [7, 4, -2],
    [2, 19, 30],
    [9, 130, 0],
  ])('layer normalisation of [%i, %i] and its gradients', (rows, width, mean) => {
    const random = seededRandom(12);
    const shape = [rows, width];
    const epsilon = 1e-3;
    const X = random.normals(rows * width).map((value) => value + mean);
    const D = random.normals(rows * width);
    const [S, O] = [0, 1].map(() => random.normals(width));
    const [y, dx, ds, doffset] = [rows * width, rows * width, width, width].map((size) => new Sums(size));
    for (let row = 0; row < rows; row++) {
      const x = [...X.subarray(row * width, (row + 1) * width)];
      const mu = x.reduce((a, b) => a + b, 0) / width;
      const inverse = 1 / Math.sqrt(x.reduce((sum, value) => sum + (value - mu) ** 2, 0) / width + epsilon);
      const normal = x.map((value) => (value - mu) * inverse);
      for (let i = 0; i < width; i++) {
        const at = row * width + i;
        y.add(at, O[i]);
        doffset.add(i, D[at]);
        // Minuend and subtrahend apart: what rounding may cost depends on both.
        for (const term of [x[i] * inverse, -mu * inverse]) {
          y.add(at, term * S[i]);
          ds.add(i, D[at] * term);
          // dL/dx_i = sum over j of dL/dy_j dy_j/dx_i, the Jacobian written out.
          for (let j = 0; j < width; j++) dx.add(at, (D[row * width + j] * S[j] * inverse * -normal[j] * term) / width);
        }
        for (let j = 0; j < width; j++) {
          dx.add(at, D[row * width + j] * S[j] * inverse * ((i === j ? 1 : 0) - 1 / width));
        }
      }
    }
    const tensors = [tf.tensor(X, shape), tf.tensor1d(S), tf.tensor1d(O)];
    const normalize = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor =>
      tf.engine().runKernel('LayerNorm', { x, scale, offset }, { epsilon });
    const dy = tf.tensor(D, shape);
    const [x, s, o] = tensors;
    y.expectEqual(normalize(x, s, o), shape);
    const results = tf.grads(normalize)(tensors, dy);
    [dx, ds, doffset].forEach((sums, i) => sums.expectEqual(results[i], i === 0 ? shape : [width]));
    tf.dispose([...tensors, dy]);
  });

  test('batch normalisation', () => {
    const random = seededRandom(17);
    for (const [shape, mean] of [
      [[0, 5], 0],
      [[7, 1], 2],
      [[2, 3, 3, 6], 100],
      [[3, 2, 16], -3],
    ] as [number[], number][]) {
      const channels = shape[shape.length - 1];
      const X = random.normals(tf.util.sizeFromShape(shape)).map((value) => value + mean);
      const [M, S, O] = [mean, 0, 0].map((center) => random.normals(channels).map((value) => value + center));
      const V = random.normals(channels).map((value) => value ** 2);
      const y = new Sums(X.length);
      X.forEach((value, i) => {
        const c = i % channels;
        y.add(i, ((value - M[c]) / Math.sqrt(V[c] + 1e-3)) * S[c]);
        y.add(i, O[c]);
      });
      const x = tf.tensor(X, shape);
      const [m, v, s, o] = [M, V, S, O].map((values) => tf.tensor1d(values));
      withTensors([x, m, v, s, o], () => {
        const inputs = { x, mean: m, variance: v, scale: s, offset: o };
        y.expectEqual(run('FusedBatchNorm', inputs, { varianceEpsilon: 1e-3 }), shape);
      });
    }
  });

  test('gradients of batch normalisation', () => {
    const random = seededRandom(9);
    for (const [shape, mean] of [
      [[7, 5], 0],
      [[3, 4, 5, 6], 0],
      [[200, 3], 100],
      [[2, 9, 9, 17], -3],
    ] as [number[], number][]) {
      const channels = shape[shape.length - 1];
      const rows = tf.util.sizeFromShape(shape) / channels;
      const X = random.normals(rows * channels).map((value) => value + mean);
      const D = random.normals(rows * channels);
      const [M, S, O] = [0, 1, 2].map(() => random.normals(channels));
      const V = random.normals(channels).map((value) => value ** 2 + 0.1);
      M.forEach((value, c) => (M[c] = value + mean));
      const [dx, dm, dv, ds, doffset] = [X.length, channels, channels, channels, channels].map(
        (size) => new Sums(size),
      );
      D.forEach((d, i) => {
        const c = i % channels;
        const inverse = 1 / Math.sqrt(V[c] + 1e-3);
        dx.add(i, d * inverse * S[c]);
        dm.add(c, -d * inverse * S[c]);
        dv.add(c, -0.5 * d * (X[i] - M[c]) * inverse ** 3 * S[c]);
        ds.add(c, d * (X[i] - M[c]) * inverse);
        doffset.add(c, d);
      });
      const tensors = [tf.tensor(X, shape), ...[M, V, O, S].map((values) => tf.tensor1d(values))];
      const normalize = (x: tf.Tensor, m: tf.Tensor, v: tf.Tensor, o: tf.Tensor, s: tf.Tensor): tf.Tensor =>
        tf.batchNorm(x as tf.Tensor4D, m as tf.Tensor1D, v as tf.Tensor1D, o as tf.Tensor1D, s as tf.Tensor1D, 1e-3);
      const dy = tf.tensor(D, shape);
      const results = tf.grads(normalize)(tensors, dy);
      [dx, dm, dv, doffset, ds].forEach((sums, i) => sums.expectEqual(results[i], i === 0 ? shape : [channels]));
      tf.dispose([...tensors, dy]);
    }
  });

  test.each([
    [
      'ab,bc->ac',
      [
        [3, 4],
        [4, 5],
      ],
    ],
    [
      'abc,cd->abd',
      [
        [2, 3, 4],
        [4, 5],
      ],
    ],
    [
      'abcd,aecd->acbe',
      [
        [2, 3, 2, 4],
        [2, 5, 2, 4],
      ],
    ],
    ['ab->ba', [[3, 4]]],
    ['abc->b', [[3, 4, 2]]],
    [
      'ab,ac->a',
      [
        [3, 4],
        [3, 2],
      ],
    ],
    ['a,b->ab', [[3], [4]]],
  ] as [string, number[][]][])('einsum %s and its gradients', (equation, shapes) => {
    const random = seededRandom(10);
    const [left, output] = equation.split('->');
    const letters = left.split(',');
    const lengths = new Map<string, number>();
    letters.forEach((labels, i) => [...labels].forEach((label, axis) => lengths.set(label, shapes[i][axis])));
    const all = [...lengths.keys()];
    const outShape = [...output].map((label) => lengths.get(label)!);
    const data = shapes.map((shape) => random.normals(tf.util.sizeFromShape(shape)));
    const D = random.normals(tf.util.sizeFromShape(outShape));
    const sums = [new Sums(D.length), ...data.map((values) => new Sums(values.length))];
    const offset = (labels: string, position: Map<string, number>): number =>
      [...labels].reduce((index, label) => index * lengths.get(label)! + position.get(label)!, 0);
    const total = all.reduce((product, label) => product * lengths.get(label)!, 1);
    for (let flat = 0; flat < total; flat++) {
      const position = new Map<string, number>();
      let rest = flat;
      for (const label of all) {
        position.set(label, rest % lengths.get(label)!);
        rest = Math.floor(rest / lengths.get(label)!);
      }
      const y = offset(output, position);
      const values = data.map((operand, i) => operand[offset(letters[i], position)]);
      sums[0].add(
        y,
        values.reduce((product, value) => product * value, 1),
      );
      data.forEach((_, i) => {
        const others = values.reduce((product, value, j) => (i === j ? product : product * value), 1);
        sums[i + 1].add(offset(letters[i], position), D[y] * others);
      });
    }
    const tensors = data.map((values, i) => tf.tensor(values, shapes[i]));
    const dy = tf.tensor(D, outShape);
    sums[0].expectEqual(tf.einsum(equation, ...tensors), outShape);
    const gradients = tf.grads((...operands: tf.Tensor[]) => tf.einsum(equation, ...operands))(tensors, dy);
    gradients.forEach((gradient, i) => sums[i + 1].expectEqual(gradient, shapes[i]));
    tf.dispose([...tensors, dy]);
  });

  test('clones and casts share values without sharing their fate', () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const clone = tf.clone(x);
    const cast = tf.cast(clone, 'float32');
    const reshaped = tf.tidy(() => tf.clone(tf.reshape(cast, [4])));
    x.dispose();
    cast.dispose();
    expect(Array.from(clone.dataSync())).toEqual([1, 2, 3, 4]);
    clone.dispose();
    expect(reshaped.shape).toEqual([4]);
    expect(Array.from(reshaped.dataSync())).toEqual([1, 2, 3, 4]);
    tf.dispose(reshaped);
    const [words, flags] = [tf.tensor1d(['a', 'b']), tf.tensor1d([true, false])];
    const copies = [tf.clone(words), tf.clone(flags)];
    tf.dispose([words, flags]);
    expect(copies[0].dataSync()).toEqual(['a', 'b']);
    expect(Array.from(copies[1].dataSync())).toEqual([1, 0]);
    tf.dispose(copies);
  });

  test('the same values serve as right operands of several shapes', () => {
    const values = tf.tensor1d([1, 2, 3, 4, 5, 6]);
    const shapes: [number, number][] = [
      [1, 6],
      [6, 1],
      [2, 3],
      [3, 2],
    ];
    const results = shapes.map((shape) => {
      const product = tf.tidy(() => tf.matMul(tf.ones([1, shape[0]]), tf.reshape(values, shape)));
      const sums = Array.from(product.dataSync());
      product.dispose();
      return sums;
    });
    values.dispose();
    expect(results).toEqual([[1, 2, 3, 4, 5, 6], [21], [5, 7, 9], [9, 12]]);
  });

  test('nothing is left behind', () => {
    expect(tf.memory().numTensors).toBe(0);
    expect(tf.memory().numDataBuffers).toBe(0);
  });
}
