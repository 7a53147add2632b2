import { Sum, util, type TensorInfo } from '@tensorflow/tfjs-core';
import { size, wasmKernel } from './kernel';

interface Attributes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/**
 * Sums over neighbouring axes of which the last one is not one, such as the gradient of a bias. tfjs transposes the
 * whole tensor first.
 */
export function registerSum(): void {
  wasmKernel<{ x: TensorInfo }, Attributes>(Sum, (call, stock) => {
    const { x } = call.inputs;
    const { shape } = x;
    const axes = util.parseAxisParam(call.attributes.axis, shape).sort((a, b) => a - b);
    const [first, end] = [axes[0], axes[axes.length - 1] + 1];
    if (x.dtype !== 'float32' || end === shape.length || end - first !== axes.length) return stock();
    const [before, summed, after] = [shape.slice(0, first), shape.slice(first, end), shape.slice(end)];
    const [groups, rows, columns] = [before, summed, after].map(util.sizeFromShape);
    const kept = call.attributes.keepDims ? summed.map(() => 1) : [];
    const out = call.output([...before, ...kept, ...after]);
    if (size(out) > 0) call.heap.sumRows(call.pointer(x), call.pointer(out), groups, rows, columns);
    return out;
  });
}
