/** The gradient of every op that graphs are commonly made of, against central differences. */

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTestBackend } from '../measure/networks';
import { loadGraph, node, type NodeFixture, placeholder } from './graphFile';
import { type Json, wave, type WeightFixture } from './savedFiles';

beforeAll(startTestBackend);

interface Case {
  readonly op: string;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Inputs besides `h`, the values: names of `constants`, or `h` again. By default `h` alone. */
  readonly input?: readonly string[];
  readonly attr?: Json;
  readonly constants?: Readonly<Record<string, readonly [number[], number[]]>>;
  readonly more?: readonly NodeFixture[];
  readonly what?: string;
}

const int = (...values: number[]): readonly [number[], number[]] => [[values.length], values];
const i = (value: number): Json => ({ i: String(value) });
const flag = (b: boolean): Json => ({ b });
const text = (value: string): Json => ({ s: btoa(value) });

const CASES: readonly Case[] = [
  {
    op: 'StridedSlice',
    shape: [4, 5],
    input: ['h', 'begin', 'end', 'strides'],
    constants: { begin: int(0, 3, 1), end: int(0, 0, 5), strides: int(1, -2, 2) },
    attr: { begin_mask: i(1), end_mask: i(1), ellipsis_mask: i(0), new_axis_mask: i(0), shrink_axis_mask: i(0) },
    what: 'with steps, backwards too',
  },
  {
    op: 'StridedSlice',
    shape: [4, 5],
    input: ['h', 'begin', 'end', 'strides'],
    constants: { begin: int(0, -1), end: int(0, 0), strides: int(1, 1) },
    attr: { begin_mask: i(1), end_mask: i(1), ellipsis_mask: i(0), new_axis_mask: i(0), shrink_axis_mask: i(2) },
    what: 'that drops an axis',
  },
  {
    op: 'SelectV2',
    shape: [6],
    input: ['positive', 'h', 'other'],
    more: [node('positive', 'Greater', ['h', 'zero']), node('other', 'Square', ['h'])],
    constants: { zero: [[], [0.1]] },
  },
  {
    op: 'Einsum',
    shape: [3, 4],
    input: ['h', 'h'],
    attr: { equation: text('nij,nkj->nik'), N: i(2) },
  },
  {
    op: 'GatherV2',
    shape: [3, 4],
    input: ['h', 'indices', 'axis'],
    constants: { indices: int(2, 0, 2), axis: [[], [2]] },
    attr: { batch_dims: i(0) },
  },
  {
    op: 'Transpose',
    shape: [3, 4],
    input: ['picked', 'back'],
    more: [node('turned', 'Transpose', ['h', 'order']), node('picked', 'GatherNd', ['turned', 'indices'])],
    constants: {
      order: int(1, 2, 0),
      back: int(1, 0),
      indices: [
        [3, 2],
        [0, 1, 2, 3, 0, 1],
      ],
    },
    what: 'of GatherNd',
  },
  {
    op: 'Transpose',
    shape: [3],
    input: ['placed', 'back'],
    more: [node('turned', 'Transpose', ['h', 'order']), node('placed', 'ScatterNd', ['indices', 'turned', 'size'])],
    constants: {
      order: int(1, 0),
      back: int(1, 0),
      indices: [
        [3, 1],
        [4, 0, 4],
      ],
      size: int(5, 2),
    },
    what: 'of ScatterNd',
  },
  {
    op: 'Transpose',
    shape: [3],
    input: ['placed', 'back'],
    more: [
      node('turned', 'Transpose', ['h', 'order']),
      node('base', 'ConcatV2', ['turned', 'turned', 'axis'], { N: i(2) }),
      node('placed', 'TensorScatterUpdate', ['base', 'indices', 'turned']),
    ],
    constants: {
      order: int(1, 0),
      back: int(1, 0),
      indices: [
        [3, 1],
        [4, 0, 2],
      ],
      axis: [[], [0]],
    },
    what: 'of TensorScatterUpdate',
  },
  { op: 'Pack', shape: [3], input: ['h', 'h'], attr: { axis: i(1), N: i(2) } },
  { op: 'Unpack', shape: [2, 3], attr: { axis: i(1), num: i(2) } },
  {
    op: 'Split',
    shape: [4, 3],
    input: ['axis', 'h'],
    constants: { axis: [[], [1]] },
    attr: { num_split: i(2) },
  },
  {
    op: 'SplitV',
    shape: [5],
    input: ['h', 'sizes', 'axis'],
    constants: { sizes: int(2, 3), axis: [[], [1]] },
    attr: { num_split: i(2) },
  },
  { op: 'Tile', shape: [2, 3], input: ['h', 'times'], constants: { times: int(1, 3, 2) } },
  {
    op: 'Cumsum',
    shape: [2, 5],
    input: ['h', 'axis'],
    constants: { axis: [[], [2]] },
    attr: { exclusive: flag(true), reverse: flag(true) },
  },
  {
    op: 'ResizeBilinear',
    shape: [3, 4, 2],
    input: ['h', 'size'],
    constants: { size: int(5, 7) },
    attr: { align_corners: flag(false), half_pixel_centers: flag(true) },
  },
  {
    op: 'ResizeBilinear',
    shape: [3, 4, 2],
    input: ['h', 'size'],
    constants: { size: int(2, 7) },
    attr: { align_corners: flag(true), half_pixel_centers: flag(false) },
    what: 'with aligned corners',
  },
  {
    op: 'ResizeNearestNeighbor',
    shape: [3, 4, 2],
    input: ['h', 'size'],
    constants: { size: int(5, 3) },
    attr: { align_corners: flag(false), half_pixel_centers: flag(true) },
  },
  {
    op: 'ResizeNearestNeighbor',
    shape: [3, 4, 2],
    input: ['h', 'size'],
    constants: { size: int(6, 8) },
    attr: { align_corners: flag(false), half_pixel_centers: flag(false) },
    what: 'to whole multiples',
  },
  { op: 'DepthToSpace', shape: [2, 3, 8], attr: { block_size: i(2), data_format: text('NHWC') } },
  {
    op: 'BatchToSpaceND',
    shape: [4, 5],
    input: ['apart', 'block', 'crops'],
    more: [node('apart', 'SpaceToBatchND', ['h', 'block', 'pads'])],
    constants: {
      block: int(2),
      pads: [
        [1, 2],
        [0, 2],
      ],
      crops: [
        [1, 2],
        [1, 0],
      ],
    },
    what: 'of SpaceToBatchND',
  },
  {
    op: 'MirrorPad',
    shape: [4, 3],
    input: ['h', 'pads'],
    constants: {
      pads: [
        [3, 2],
        [0, 0, 1, 2, 2, 0],
      ],
    },
    attr: { mode: text('REFLECT') },
  },
  {
    op: 'PadV2',
    shape: [4, 3],
    input: ['h', 'pads', 'value'],
    constants: {
      pads: [
        [3, 2],
        [0, 0, 1, 2, 2, 0],
      ],
      value: [[], [7]],
    },
  },
  { op: 'ReverseV2', shape: [4, 3], input: ['h', 'axes'], constants: { axes: int(1) } },
  { op: 'TopKV2', shape: [3, 5], input: ['h', 'k'], constants: { k: [[], [2]] }, attr: { sorted: flag(true) } },
  {
    op: 'ConcatV2',
    shape: [3, 2],
    input: ['h', 'h', 'axis'],
    constants: { axis: [[], [1]] },
    attr: { N: i(2) },
  },
  {
    op: 'Slice',
    shape: [4, 3],
    input: ['h', 'begin', 'size'],
    constants: { begin: int(0, 1, 1), size: int(-1, 2, -1) },
  },
  { op: 'Prod', shape: [2, 4], input: ['h', 'axes'], constants: { axes: int(2) }, attr: { keep_dims: flag(false) } },
  { op: 'Max', shape: [2, 4], input: ['h', 'axes'], constants: { axes: int(2) }, attr: { keep_dims: flag(true) } },
  { op: 'Maximum', shape: [6], input: ['h', 'half'], constants: { half: [[1, 6], wave([1, 6], 3)] } },
  { op: 'Minimum', shape: [6], input: ['half', 'h'], constants: { half: [[], [0.1]] } },
  { op: 'SquaredDifference', shape: [6], input: ['h', 'half'], constants: { half: [[1, 6], wave([1, 6], 3)] } },
  { op: 'AddN', shape: [6], input: ['h', 'h', 'h'], attr: { N: i(3) } },
  { op: 'LRN', shape: [2, 2, 5], attr: { depth_radius: i(1), bias: { f: 1.5 }, alpha: { f: 0.8 }, beta: { f: 0.75 } } },
  { op: 'Erf', shape: [6] },
  { op: 'LogSoftmax', shape: [6] },
];

describe('gradients of graphs', () => {
  it.each(CASES.map((own) => [`${own.op}${own.what === undefined ? '' : ` ${own.what}`}`, own] as const))(
    'through %s',
    async (_name, { op, shape, input = ['h'], attr, constants = {}, more = [] }) => {
      const samples = 2;
      const floats = (name: string): boolean => ['half', 'value', 'zero'].includes(name);
      const weights = Object.entries(constants).map(
        ([name, [own, values]]): WeightFixture => ({ name, shape: own, values }),
      );
      const nodes = [placeholder('x', [-1, ...shape]), node('h', 'Tanh', ['x']), ...more, node('y', op, input, attr)];
      const integers = new Set(Object.keys(constants).filter((name) => !floats(name)));
      const network = await loadGraph(nodes, weights, {}, integers);
      expect(network.differentiable).toBeNull();
      const full = [samples, ...shape];
      const point = wave(full, 0.4);
      const run = (x: tf.Tensor): tf.Tensor => {
        const [{ call, tensor }] = network.trace([x], { preActivation: (_, z) => z, output: (_, a) => a });
        expect(call?.name ?? 'y').toBe('y');
        return tensor;
      };
      const cotangent = tf.tidy(() => wave(run(tf.tensor(point, full)).shape, 2.1));
      const total = (x: tf.Tensor): tf.Scalar => {
        const y = run(x);
        return tf.sum(tf.mul(y, tf.tensor(cotangent, y.shape)));
      };
      const [gradient, differences] = tf.tidy(() => {
        const at = (k: number, value: number): number => total(tf.tensor(point.with(k, value), full)).dataSync()[0];
        const step = 2 ** -8;
        return [
          [...tf.grad(total)(tf.tensor(point, full)).dataSync()],
          // Of fourth order: [f(x-2h) - 8 f(x-h) + 8 f(x+h) - f(x+2h)] / 12 h.
          point.map((value, k) => {
            const f = (n: number): number => at(k, value + n * step);
            return (f(-2) - 8 * f(-1) + 8 * f(1) - f(2)) / (12 * step);
          }),
        ];
      });
      const scale = Math.max(...gradient.map(Math.abs));
      expect(scale).toBeGreaterThan(0.01);
      gradient.forEach((value, k) => expect(Math.abs(value - differences[k]) / scale, `x[${k}]`).toBeLessThan(1e-3));
      network.dispose();
    },
  );
});
