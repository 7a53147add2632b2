import {
  concat,
  engine,
  getBackend,
  maximum,
  minimum,
  split,
  tensor,
  tidy,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { valuesOf, wasmHeap } from '../heap';
import { size, wasmKernel } from './kernel';

const INTERVAL_SUM = 'IntervalSum';
const ORDER_ENDS = 'OrderEnds';

/** What a part of an affine layer's kernel makes of a box. */
export interface Image {
  /** Of its lower and its upper end; and of the absolute values of both, where these are others: `[2 or 4, ...shape]`. */
  readonly ends: Tensor;
  /** Whether the lower end leads to the upper bound. */
  readonly turned: boolean;
}

/** How far an interval is widened. */
interface Slack {
  /** Relative to the sum of magnitudes. */
  readonly error: number;
  /** Where that sum is not 0. */
  readonly smallest: number;
}

interface Attributes extends Slack {
  readonly turned: readonly boolean[];
}

/** Registers the kernels that `intervalSum` and `orderedEnds` run. */
export function registerIntervals(): void {
  wasmKernel<{ ends: TensorInfo }, unknown>(ORDER_ENDS, (call) => {
    const { ends } = call.inputs;
    const out = call.output(ends.shape);
    call.heap.orderEnds(call.pointer(ends), call.pointer(out), size(ends) / 2);
    return out;
  });

  wasmKernel<Record<string, TensorInfo>, Attributes>(INTERVAL_SUM, (call) => {
    const { bias, ...ends } = call.inputs;
    const { turned, error, smallest } = call.attributes;
    const out = call.output([2, ...bias.shape.slice(1)]);
    const images = turned.map((flag, i) => [call.pointer(ends[i]), Number(flag)]);
    const [biases, bounds] = [bias, out].map((info) => call.pointer(info));
    const { withScratch, int32 } = wasmHeap()!;
    withScratch(8 * images.length, (table) => {
      int32(table, 2 * images.length).set(images.flat());
      const magnitudes = ends[0].shape[0] === 2 ? 0 : size(out);
      call.heap.intervalSum(table, images.length, biases, bounds, size(bias), magnitudes, error, smallest);
    });
    return out;
  });
}

/**
 * Lower and upper bounds `[2, ...shape]` of an affine layer's output: the sum of the images and of `bias: [1, ...shape]`
 * in float64, widened by the slack and rounded outwards.
 */
export function intervalSum(images: readonly Image[], bias: Tensor, { error, smallest }: Slack): Tensor {
  if (getBackend() !== 'wasm') return plainIntervalSum(images, bias, { error, smallest });
  const ends = Object.fromEntries(images.map((image, i) => [i, image.ends]));
  const turned = images.map((image) => image.turned);
  return engine().runKernel(INTERVAL_SUM, { ...ends, bias }, { turned, error, smallest });
}

/** The bounds `[2, ...shape]` of an interval from its ends in any order: the lower one first, value by value. */
export function orderedEnds(ends: Tensor): Tensor {
  if (getBackend() === 'wasm') return engine().runKernel(ORDER_ENDS, { ends });
  return tidy(() => {
    const [first, second] = split(ends, 2);
    return concat([minimum(first, second), maximum(first, second)], 0);
  });
}

function plainIntervalSum(images: readonly Image[], bias: Tensor, { error, smallest }: Slack): Tensor {
  const constant = valuesOf(bias);
  const { length } = constant;
  const values = images.map(({ ends, turned }) => ({ ends: valuesOf(ends), turned: Number(turned) }));
  const magnitudes = images[0].ends.shape[0] === 2 ? 0 : 2 * length;
  const bounds = new Float32Array(2 * length);
  for (const end of [0, 1]) {
    const sign = end === 0 ? -1 : 1;
    for (let i = 0; i < length; i++) {
      let sum = constant[i];
      let magnitude = Math.abs(sum);
      for (const { ends, turned } of values) {
        const from = i + (end ^ turned) * length;
        sum += ends[from];
        magnitude += Math.abs(ends[magnitudes + from]);
      }
      const bound = sum + sign * (magnitude > 0 ? error * magnitude + smallest : 0);
      bounds[end * length + i] = bound + sign * OUTWARDS * Math.abs(bound);
    }
  }
  return tensor(bounds, [2, ...bias.shape.slice(1)]);
}

/** Twice the unit roundoff of float32. */
const OUTWARDS = 2 ** -23;
