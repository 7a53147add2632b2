import { Cast, Identity, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import { wasmKernel, type KernelCall } from './kernel';

/**
 * Copies nothing where tfjs copies: tensors never change in place, so an identity and a cast to the same type share the
 * values, as on tfjs's cpu backend. Every layer output that a gradient needs is cloned, so this counts.
 */
export function registerIdentity(): void {
  wasmKernel<{ x: TensorInfo }, unknown>(Identity, (call, stock) =>
    shareable(call, call.inputs.x) ? call.share(call.inputs.x) : stock(),
  );
  wasmKernel<{ x: TensorInfo }, { dtype: DataType }>(Cast, (call, stock) => {
    const { x } = call.inputs;
    return x.dtype === call.attributes.dtype && shareable(call, x) ? call.share(x) : stock();
  });
}

/** tfjs looks up the shape with which the values of a bias were made, so a vector of another shape needs values of its own. */
function shareable(call: KernelCall<unknown, unknown>, x: TensorInfo): boolean {
  return x.dtype !== 'string' && (x.shape.length !== 1 || call.originalShape(x).length === 1);
}
