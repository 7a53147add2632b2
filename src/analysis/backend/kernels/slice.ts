import { Slice, slice_util, SplitV, backend_util, type TensorInfo, Unpack, util } from '@tensorflow/tfjs-core';
import { type KernelCall, size, wasmKernel } from './kernel';

interface Attributes {
  readonly begin: number | number[];
  readonly size: number | number[];
}

/**
 * Parts of a tensor, moved within the heap. tfjs first copies the whole tensor, however small the part, and does so again
 * for every step that a recurrent layer takes its input apart into.
 */
export function registerSlice(): void {
  wasmKernel<{ x: TensorInfo }, Attributes>(Slice, (call, stock) => {
    const { x } = call.inputs;
    if (x.dtype === 'string') return stock();
    const [begin, lengths] = slice_util.parseSliceParams(x, call.attributes.begin, call.attributes.size);
    return part(call, x, begin, lengths);
  });

  wasmKernel<{ value: TensorInfo }, { axis: number }>(Unpack, (call, stock) => {
    const { value } = call.inputs;
    if (value.dtype === 'string') return stock();
    const { shape } = value;
    const axis = util.parseAxisParam(call.attributes.axis, shape)[0];
    const lengths = shape.map((length, i) => (i === axis ? 1 : length));
    const begin = new Array<number>(shape.length).fill(0);
    // Some kernels look up the shape with which values were made: that of the step, without the axis.
    const step = shape.filter((_, i) => i !== axis);
    return Array.from({ length: shape[axis] }, (_, index) => {
      begin[axis] = index;
      return part(call, value, begin, lengths, step);
    });
  });

  wasmKernel<{ x: TensorInfo }, { numOrSizeSplits: number | number[]; axis: number }>(SplitV, (call, stock) => {
    const { x } = call.inputs;
    if (x.dtype === 'string') return stock();
    const axis = util.parseAxisParam(call.attributes.axis, x.shape)[0];
    const begin = new Array<number>(x.shape.length).fill(0);
    return backend_util
      .prepareSplitSize(x as Parameters<typeof backend_util.prepareSplitSize>[0], call.attributes.numOrSizeSplits, axis)
      .map((length) => {
        const out = part(
          call,
          x,
          begin,
          x.shape.map((whole, i) => (i === axis ? length : whole)),
        );
        begin[axis] += length;
        return out;
      });
  });
}

/** The values from `begin` on, `lengths` along each axis, as a tensor of `shape`. */
function part(
  call: KernelCall<unknown, unknown>,
  x: TensorInfo,
  begin: readonly number[],
  lengths: readonly number[],
  shape = lengths,
): TensorInfo {
  const out = call.output(shape, x.dtype);
  if (size(out) === 0) return out;
  // Before this an allocation could have moved the heap.
  const from = call.backend.typedArrayFromHeap(x);
  const to = call.backend.typedArrayFromHeap(out);
  const strides = [...util.computeStrides(x.shape), 1];
  const rank = x.shape.length;
  // Axes behind this one are whole, so that along it values lie side by side.
  let last = rank - 1;
  while (last > 0 && lengths[last] === x.shape[last]) last--;
  const run = lengths[last] * strides[last];
  let offset = begin.reduce((sum, start, axis) => sum + start * strides[axis], 0);
  const place = new Array<number>(last).fill(0);
  for (let at = 0; at < to.length; at += run) {
    to.set(from.subarray(offset, offset + run), at);
    for (let axis = last - 1; axis >= 0; axis--) {
      offset += strides[axis];
      if (++place[axis] < lengths[axis]) break;
      offset -= lengths[axis] * strides[axis];
      place[axis] = 0;
    }
  }
  return out;
}
