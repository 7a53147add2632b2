import { concat, type GradConfig, SplitV, stack, type Tensor, Unpack } from '@tensorflow/tfjs-core';
import { replaceGradient } from './gradient';

/** As the backward pass gives it: a list only where there are several outputs, which tfjs's own gradients do not expect. */
const listOf = (dy: Tensor | Tensor[]): Tensor[] => (Array.isArray(dy) ? dy : [dy]);

/** The gradients of taking a tensor apart, into one part too: an axis of length 1, a recurrent layer's single step. */
export function registerUnpackGradients(): void {
  replaceGradient({
    kernelName: Unpack,
    gradFunc: (dy, _saved, attributes) => ({ value: () => stack(listOf(dy), attributes['axis'] as number) }),
  } satisfies GradConfig);
  replaceGradient({
    kernelName: SplitV,
    gradFunc: (dy, _saved, attributes) => ({ x: () => concat(listOf(dy), attributes['axis'] as number) }),
  } satisfies GradConfig);
}
