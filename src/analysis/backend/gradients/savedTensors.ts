import { engine, type Tensor } from '@tensorflow/tfjs-core';
import { sharing } from '../tape';

/** What an operation saves a tensor with, which the types of tfjs call private. */
interface Saving {
  clone: (x: Tensor) => Tensor;
}

/**
 * Lets the backward pass hold the tensors themselves that it needs. tfjs gives it clones and puts each clone on the tape,
 * which in a recurrent layer is a third of all operations. Only derivatives of gradients need those entries, so inside
 * a gradient of a gradient tfjs's way is kept.
 */
export function shareSavedTensors(): void {
  const running = engine();
  const saving = running as unknown as Saving;
  const stock = saving.clone.bind(running);
  saving.clone = (x) => (running.state.gradientDepth > 1 ? stock(x) : sharing(x));
}
