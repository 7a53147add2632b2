import { findBackend, getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { wasmKernel } from './kernels/kernel';

/**
 * Lets a kernel of the wasm backend be done by the cpu backend's kernel of the same name, on copies of the inputs:
 * correct for every kernel with one output, at the price of the copies and of the cpu kernel's speed.
 */
export function cpuFallbackKernel(kernelName: string): void {
  wasmKernel<Record<string, TensorInfo>, Record<string, never>>(kernelName, ({ backend, inputs, attributes }) => {
    const cpu = findBackend('cpu') as MathBackendCPU;
    const copies = Object.entries(inputs).map(([name, { dataId, shape, dtype }]) => {
      return [name, cpu.makeTensorInfo(shape, dtype, backend.readSync(dataId))] as const;
    });
    const kernel = getKernel(kernelName, 'cpu').kernelFunc;
    const result = kernel({ inputs: Object.fromEntries(copies), attrs: attributes, backend: cpu }) as TensorInfo;
    const output = backend.makeOutput(result.shape, result.dtype, undefined, cpu.readSync(result.dataId));
    for (const { dataId } of [result, ...copies.map(([, copy]) => copy)]) cpu.disposeData(dataId);
    return output;
  });
}
