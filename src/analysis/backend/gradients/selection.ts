import {
  add,
  cast,
  DepthToSpace,
  engine,
  gatherND,
  GatherNd,
  MirrorPad,
  mul,
  reshape,
  scalar,
  ScatterNd,
  StridedSlice,
  tensor,
  TensorScatterUpdate,
  tensorScatterUpdate,
  TopK,
  unsortedSegmentSum,
  zeros,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { replaceGradient } from './gradient';

/**
 * The gradients of ops that only pick values, or put them somewhere, which tfjs lacks: a value's gradient is the sum of
 * the gradients of all places that it was put to.
 */
export function registerSelectionGradients(): void {
  picking(StridedSlice, ['x']);
  picking(DepthToSpace, ['x']);
  picking(GatherNd, ['params', 'indices']);
  // tfjs's own gradient forgets the copies.
  picking(MirrorPad, ['x']);

  replaceGradient({
    kernelName: TopK,
    inputsToSave: ['x'],
    outputsToSave: [false, true],
    gradFunc: (dy, saved) => {
      const [x, columns] = saved;
      const length = x.shape[x.rank - 1];
      const starts = Int32Array.from({ length: x.size / length }, (_, row) => row * length);
      const places = add(tensor(starts, [starts.length, 1]), reshape(columns, [starts.length, -1]));
      return { x: () => putBack((dy as Tensor[])[0], places, x.shape) };
    },
  });
  replaceGradient({
    kernelName: ScatterNd,
    inputsToSave: ['indices'],
    gradFunc: (dy, saved) => ({ updates: () => gatherND(dy as Tensor, saved[0]) }),
  });
  replaceGradient({
    kernelName: TensorScatterUpdate,
    inputsToSave: ['indices', 'updates'],
    gradFunc: (dy, saved) => {
      const [indices, { shape }] = saved;
      return {
        tensor: () => tensorScatterUpdate(dy as Tensor, indices, zeros(shape)),
        updates: () => gatherND(dy as Tensor, indices),
      };
    },
  });
}

/** Places are given in two digits: the kernels take floats, which count exactly up to 2^24 only. */
const DIGIT = 2 ** 16;

/** For kernels whose first input holds the values; which of them are picked shows where the kernel is given their places. */
function picking(kernelName: string, inputs: readonly string[]): void {
  replaceGradient({
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: (dy, saved, attributes) => {
      const [{ shape, size }, ...others] = saved;
      const pick = (digit: (place: number) => number): Tensor => {
        const digits = new Float32Array(size);
        for (let place = 0; place < size; place++) digits[place] = digit(place);
        const values = tensor(digits, shape);
        const given = Object.fromEntries([values, ...others].map((value, i) => [inputs[i], value]));
        return cast(engine().runKernel<Tensor>(kernelName, given, attributes), 'int32');
      };
      return {
        [inputs[0]]: () => {
          const high = pick((place) => Math.floor(place / DIGIT));
          const low = pick((place) => place % DIGIT);
          return putBack(dy as Tensor, add(mul(high, scalar(DIGIT, 'int32')), low), shape);
        },
      };
    },
  });
}

/** The sum of all values of `dy` that have the same place, at that place of a tensor of `shape`. */
function putBack(dy: Tensor, places: Tensor, shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return reshape(unsortedSegmentSum(reshape(dy, [-1]), reshape(places, [-1]), size), [...shape]);
}
