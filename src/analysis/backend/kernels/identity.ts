import { Cast, Identity, util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
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

/** Some kernels of tfjs look up the shape with which values were made, so a reshaped tensor needs values of its own. */
function shareable(call: KernelCall<unknown, unknown>, x: TensorInfo): boolean {
  return x.dtype !== 'string' && util.arraysEqual(call.originalShape(x), x.shape);
}
