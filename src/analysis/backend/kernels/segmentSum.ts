import { UnsortedSegmentSum, type TensorInfo } from '@tensorflow/tfjs-core';
import { size, wasmKernel } from './kernel';

/** Sums rows by segment: the gradient of a gather, and so of an embedding. */
export function registerSegmentSum(): void {
  wasmKernel<{ x: TensorInfo; segmentIds: TensorInfo }, { numSegments: number }>(UnsortedSegmentSum, (call) => {
    const { x, segmentIds } = call.inputs;
    const { numSegments } = call.attributes;
    const row = x.shape.slice(segmentIds.shape.length);
    const rows = size(segmentIds);
    const columns = row.reduce((product, length) => product * length, 1);
    const out = call.output([numSegments, ...row]);
    call.heap.segmentSum(call.pointer(x), call.pointer(segmentIds), call.pointer(out), rows, columns, numSegments);
    return out;
  });
}
