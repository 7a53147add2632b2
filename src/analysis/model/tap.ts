import { customGrad, scalar, type Tensor } from '@tensorflow/tfjs-core';

/** The same values as `x`; `onGradient` is shown what is back-propagated through here, summed over all uses. */
export function tap(x: Tensor, anchor: Tensor | null, onGradient: (dy: Tensor) => void): Tensor {
  if (x.dtype !== 'float32') return x;
  const identity = customGrad((...args) => ({
    value: (args[0] as Tensor).clone(),
    gradFunc: (dy: Tensor) => {
      onGradient(dy);
      return anchor === null ? dy.clone() : [dy.clone(), scalar(0)];
    },
  }));
  return anchor === null ? identity(x) : identity(x, anchor);
}
