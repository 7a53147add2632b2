import {
  getKernel,
  registerKernel,
  unregisterKernel,
  util,
  type DataType,
  type NamedAttrMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { heapKernels, type HeapKernels, type Pointer } from '../heapKernels';

/** What a kernel of the wasm backend works with. */
export class KernelCall<Inputs, Attributes> {
  constructor(
    readonly backend: BackendWasm,
    readonly inputs: Inputs,
    readonly attributes: Attributes,
  ) {}

  get heap(): HeapKernels {
    return heapKernels(this.backend);
  }

  pointer(tensor: TensorInfo): Pointer {
    return this.backend.getMemoryOffset(tensor.dataId);
  }

  /** A new tensor with undefined content. */
  output(shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
    return this.backend.makeOutput([...shape], dtype);
  }

  /** The same values under another shape; counts as one more reference to them. */
  share(tensor: TensorInfo, shape: readonly number[] = tensor.shape): TensorInfo {
    this.backend.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
  }

  /** The shape with which the values were made; that of the tensor may be another, by a reshape. */
  originalShape(tensor: TensorInfo): number[] {
    return this.backend.dataIdMap.get(tensor.dataId).shape;
  }

  /** Runs another kernel of this backend; its output must be released with `release` or handed out. */
  run(kernelName: string, inputs: Record<string, TensorInfo>, attributes: NamedAttrMap): TensorInfo {
    const { kernelFunc } = getKernel(kernelName, 'wasm');
    return kernelFunc({ inputs, attrs: attributes, backend: this.backend }) as TensorInfo;
  }

  release(tensor: TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }
}

/**
 * Registers a kernel of the wasm backend in place of tfjs's own, if there is one. `stock` runs that one; it throws where
 * there is none.
 */
export function wasmKernel<Inputs, Attributes>(
  kernelName: string,
  kernel: (call: KernelCall<Inputs, Attributes>, stock: (inputs?: Inputs) => TensorInfo) => TensorInfo | TensorInfo[],
): void {
  const previous = getKernel(kernelName, 'wasm');
  if (previous != null) unregisterKernel(kernelName, 'wasm');
  registerKernel({
    ...previous,
    kernelName,
    backendName: 'wasm',
    kernelFunc: (args) =>
      kernel(
        new KernelCall(args.backend as BackendWasm, args.inputs as Inputs, args.attrs as Attributes),
        (inputs) => previous.kernelFunc({ ...args, inputs: inputs ?? args.inputs }) as TensorInfo,
      ),
  });
}

export const size = (tensor: TensorInfo): number => util.sizeFromShape(tensor.shape);
