import { Tile, util, type TensorInfo } from '@tensorflow/tfjs-core';
import { wasmKernel, type KernelCall } from './kernel';

/** One axis, or several of which at most the last is longer than 1, copied: `[rows, length]` to `[rows, copies, length]`. */
interface Step {
  readonly rows: number;
  readonly length: number;
  readonly copies: number;
}

/** Copies of a tensor along its axes, moved as blocks; tfjs places every value on its own. */
export function registerTile(): void {
  wasmKernel<{ x: TensorInfo }, { reps: number[] }>(Tile, (call, stock) => {
    const { x } = call.inputs;
    if (x.dtype !== 'float32' && x.dtype !== 'int32') return stock();
    const { reps } = call.attributes;
    const shape = x.shape.map((length, axis) => length * reps[axis]);
    const steps = stepsOf(x.shape, reps);
    if (steps.length === 0) return call.share(x);
    if (util.sizeFromShape(shape) === 0) return call.output(shape, x.dtype);
    const last = steps.reduce((from, step) => {
      const to = repeat(call, from, step);
      if (from !== x) call.release(from);
      return to;
    }, x);
    return { ...last, shape };
  });
}

/** From the last axis to the first, so that each step copies whole blocks. */
function stepsOf(shape: readonly number[], reps: readonly number[]): Step[] {
  const steps: Step[] = [];
  let [length, copies] = [1, 1];
  let rows = shape.reduce((product, size) => product * size, 1);
  const finish = (): void => {
    if (copies !== 1) steps.push({ rows, length, copies });
    length *= copies;
    copies = 1;
  };
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) finish();
    length *= shape[axis];
    rows /= shape[axis];
    copies *= reps[axis];
  }
  finish();
  return steps;
}

function repeat(call: KernelCall<unknown, unknown>, x: TensorInfo, { rows, length, copies }: Step): TensorInfo {
  const out = call.output([rows, copies, length], x.dtype);
  call.heap.repeat(call.pointer(x), call.pointer(out), rows, length, copies);
  return out;
}
