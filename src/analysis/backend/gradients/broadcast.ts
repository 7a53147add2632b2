import {
  broadcast_util,
  cast,
  greaterEqual,
  less,
  lessEqual,
  greater,
  Maximum,
  Minimum,
  mul,
  reshape,
  SquaredDifference,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { replaceGradient } from './gradient';

type Derivative = (a: Tensor, b: Tensor) => Tensor;

/** Binary ops whose gradients tfjs does not sum over the axes that an operand was repeated along. */
export function registerBroadcastGradients(): void {
  const where =
    (compare: Derivative): Derivative =>
    (a, b) =>
      cast(compare(a, b), 'float32');
  replaceBinary(Maximum, where(greaterEqual), where(less));
  replaceBinary(Minimum, where(lessEqual), where(greater));
  replaceBinary(
    SquaredDifference,
    (a, b) => mul(2, sub(a, b)),
    (a, b) => mul(2, sub(b, a)),
  );
}

function replaceBinary(kernelName: string, byA: Derivative, byB: Derivative): void {
  replaceGradient({
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved;
      const times = (derivative: Derivative, operand: Tensor): Tensor => {
        const gradient = mul(dy as Tensor, derivative(a, b));
        const axes = broadcast_util.getReductionAxes(operand.shape, gradient.shape);
        return axes.length === 0 ? gradient : reshape(sum(gradient, axes), operand.shape);
      };
      return { a: () => times(byA, a), b: () => times(byB, b) };
    },
  });
}
