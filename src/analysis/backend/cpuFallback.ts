import { findBackend, getKernel, registerKernel, type KernelBackend, type TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** The cpu backend's own storage, as far as it is needed here. */
interface CpuBackend extends KernelBackend {
  write(values: unknown, shape: number[], dtype: string): object;
  readSync(dataId: object): Float32Array;
}

/**
 * Registers a kernel that the wasm backend lacks by running the cpu backend's kernel of that name on copies of the
 * inputs. Correct for every kernel, at the price of the copies and of the cpu kernel's speed.
 */
export function cpuFallbackKernel(kernelName: string): void {
  registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const wasm = backend as BackendWasm;
      const cpu = findBackend('cpu') as CpuBackend;
      const copies: Record<string, TensorInfo> = {};
      for (const [name, input] of Object.entries(inputs)) {
        if (input == null) continue;
        const { shape, dtype } = input;
        copies[name] = { shape, dtype, dataId: cpu.write(wasm.readSync(input.dataId), shape, dtype) };
      }
      const kernel = getKernel(kernelName, 'cpu');
      const result = kernel.kernelFunc({ inputs: copies, attrs: attrs ?? {}, backend: cpu });
      const outputs = (Array.isArray(result) ? result : [result]).map(({ dataId, shape, dtype }: TensorInfo) => {
        const output = wasm.makeOutput(shape, dtype, undefined, cpu.readSync(dataId));
        cpu.disposeData(dataId);
        return output;
      });
      for (const copy of Object.values(copies)) cpu.disposeData(copy.dataId);
      return Array.isArray(result) ? outputs : outputs[0];
    },
  });
}
