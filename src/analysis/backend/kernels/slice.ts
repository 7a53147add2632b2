import { Slice, slice_util, util, type TensorInfo } from '@tensorflow/tfjs-core';
import { size, wasmKernel } from './kernel';

interface Attributes {
  readonly begin: number | number[];
  readonly size: number | number[];
}

/** Parts of a tensor, moved within the heap. tfjs first copies the whole tensor, however small the part. */
export function registerSlice(): void {
  wasmKernel<{ x: TensorInfo }, Attributes>(Slice, (call, stock) => {
    const { x } = call.inputs;
    if (x.dtype === 'string') return stock();
    const [begin, lengths] = slice_util.parseSliceParams(x, call.attributes.begin, call.attributes.size);
    const out = call.output(lengths, x.dtype);
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
  });
}
