import { backend, engine, zeros, type Tensor } from '@tensorflow/tfjs-core';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { heapKernels, wasmModule, type HeapKernels, type Pointer } from './heapKernels';

/** The values of a numeric tensor, row-major. */
export type Values = Float32Array | Int32Array | Uint8Array;

/** The heap of the wasm backend, with the routines of ./assembly that work on it. */
export interface Heap {
  readonly kernels: HeapKernels;
  /** Lends bytes of the heap, aligned to 8, for the time of the call. */
  readonly withScratch: (bytes: number, use: (scratch: Pointer) => void) => void;
  /** Views of the heap; valid until the next allocation. */
  readonly float32: (pointer: Pointer, length: number) => Float32Array;
  readonly float64: (pointer: Pointer, length: number) => Float64Array;
  readonly int32: (pointer: Pointer, length: number) => Int32Array;
}

/** A float32 tensor on that heap. */
export interface HeapTensor extends Heap {
  readonly pointer: Pointer;
}

/**
 * The tensor's values without a copy where the backend allows it. On wasm this is a view of the heap: read it at once,
 * since the next allocation may move the heap, and never hand it out of a function that runs kernels.
 */
export function valuesOf(tensor: Tensor): Values {
  return wasmBackend()?.typedArrayFromHeap(tensor) ?? tensor.dataSync();
}

/** The tensor where the routines of ./assembly can reach it; null on other backends and for other types. */
export function heapTensor(tensor: Tensor): HeapTensor | null {
  const running = wasmBackend();
  if (running === null || tensor.dtype !== 'float32') return null;
  const { kernels, withScratch, float32, float64, int32 } = heapOf(running);
  return { kernels, withScratch, float32, float64, int32, pointer: running.getMemoryOffset(tensor.dataId) };
}

/** A new tensor on that heap, with undefined content; the tape knows nothing of what is written to it. Only on wasm. */
export function newHeapTensor(shape: readonly number[]): Tensor {
  return engine().makeTensorFromTensorInfo(wasmBackend()!.makeOutput([...shape], 'float32'));
}

/** `zeros` of float32, which on wasm need no array to be copied from. */
export function heapZeros(shape: readonly number[]): Tensor {
  const heap = wasmHeap();
  if (heap === null) return zeros([...shape]);
  const tensor = newHeapTensor(shape);
  heap.float32(heapTensor(tensor)!.pointer, tensor.size).fill(0);
  return tensor;
}

/** Null on other backends. */
export function wasmHeap(): Heap | null {
  const running = wasmBackend();
  return running === null ? null : heapOf(running);
}

const heaps = new WeakMap<BackendWasm, Heap>();

function heapOf(running: BackendWasm): Heap {
  let heap = heaps.get(running);
  if (heap === undefined) {
    heap = newHeap(running);
    heaps.set(running, heap);
  }
  return heap;
}

function newHeap(running: BackendWasm): Heap {
  const { asm, _malloc: allocate, _free: free } = wasmModule(running);
  return {
    kernels: heapKernels(running),
    withScratch: (bytes, use) => {
      const scratch = allocate(bytes) >>> 0;
      try {
        use(scratch);
      } finally {
        free(scratch);
      }
    },
    float32: (pointer, length) => new Float32Array(asm.memory.buffer, pointer, length),
    float64: (pointer, length) => new Float64Array(asm.memory.buffer, pointer, length),
    int32: (pointer, length) => new Int32Array(asm.memory.buffer, pointer, length),
  };
}

function wasmBackend(): BackendWasm | null {
  const running = backend();
  return running instanceof BackendWasm ? running : null;
}
