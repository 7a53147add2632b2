import { backend, type Tensor } from '@tensorflow/tfjs-core';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** The values of a numeric tensor, row-major. */
export type Values = Float32Array | Int32Array | Uint8Array;

/** The running wasm backend; null where tfjs runs on another one. */
export function wasmBackend(): BackendWasm | null {
  const running = backend();
  return running instanceof BackendWasm ? running : null;
}

/**
 * The tensor's values without a copy where the backend allows it. On wasm this is a view of the heap: read it at once,
 * since the next allocation may move the heap, and never hand it out of a function that runs kernels.
 */
export function valuesOf(tensor: Tensor): Values {
  return wasmBackend()?.typedArrayFromHeap(tensor) ?? tensor.dataSync();
}
