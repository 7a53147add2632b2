import { drawNormal, MULBERRY_STEP } from '../probe/random';
import { wasmHeap } from './heap';

/** Values that are drawn at once: even, so that no pair is cut, and few enough to stay in the processor's cache. */
const BLOCK = 2 ** 13;

/**
 * Fills the array as `drawNormal` does, on wasm with the routine of ./assembly/boxMuller.ts: in a fraction of the time, and
 * with the same values but for the last digit of few of them.
 */
export function fillNormal(values: Float32Array | Int32Array, seed: number, skip: number): void {
  const heap = wasmHeap();
  if (heap === null) {
    drawNormal(values, seed, skip);
    return;
  }
  // Draws come in pairs: an odd beginning is the second of its pair.
  const odd = skip % 2;
  heap.withScratch((BLOCK + 2) * Float32Array.BYTES_PER_ELEMENT, (scratch) => {
    for (let start = 0; start < values.length; start += BLOCK) {
      const count = Math.min(BLOCK, values.length - start);
      const pairs = Math.ceil((odd + count) / 2);
      heap.kernels.drawPairs(scratch, pairs, (seed + Math.imul(skip - odd + start, MULBERRY_STEP)) | 0);
      values.set(heap.float32(scratch + 4 * odd, count), start);
    }
  });
}
