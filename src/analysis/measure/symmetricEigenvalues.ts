import { wasmHeap, type Heap } from '../backend/heap';

/** A symmetric matrix with entries on its diagonal and beside it only: n of the one, n - 1 of the other and a 0. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
}

/**
 * Vectors of `width` features, one after another in each block: hundreds of small arrays are made and collected slowly.
 */
export interface Rows {
  readonly width: number;
  readonly blocks: readonly Float32Array[];
}

export const countOf = ({ width, blocks }: Rows): number =>
  blocks.reduce((sum, block) => sum + block.length / width, 0);

/**
 * Eigenvalues of a real symmetric matrix, in no particular order. `matrix` holds n x n entries row by row and is destroyed.
 *
 * Householder reduction to tridiagonal form, then a QL iteration, without eigenvectors (Golub and Van Loan, Matrix
 * Computations, 4th ed., sections 8.3.1 and 8.3.3): about 4/3 n^3 operations.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const heap = wasmHeap();
  if (heap === null) return eigenvaluesOf(reduced(matrix, n));
  const eigenvalues = new Float64Array(n);
  heap.withScratch(8 * (n * n + 6 * n), (scratch) => {
    const found = scratch + 8 * n * n;
    heap.float64(scratch, n * n).set(matrix);
    heap.kernels.symmetricEigenvalues(scratch, n, found, found + 8 * n);
    eigenvalues.set(heap.float64(found, n));
  });
  return eigenvalues;
}

/**
 * The squares of the min(count, width) singular values of the rows less their mean. Null where values are not finite, and
 * beyond what squares of float32 numbers come to.
 */
export function centredSpectrum(rows: Rows): Float64Array | null {
  const count = countOf(rows);
  // The smaller of the two Gram matrices has the same non-zero eigenvalues.
  const transposed = count > rows.width;
  const [order, length] = transposed ? [rows.width, count] : [count, rows.width];
  const heap = wasmHeap();
  if (heap !== null) return spectrumOnHeap(heap, rows, order, length);
  const gram = gramOf(centred(rows, transposed), order, length);
  return gram.every(Number.isFinite) ? symmetricEigenvalues(gram, order) : null;
}

/** By the routines of ../backend/assembly/spectrum.ts and eigenvalues.ts. */
function spectrumOnHeap(heap: Heap, { width, blocks }: Rows, order: number, length: number): Float64Array | null {
  const count = (order * length) / width;
  const eigenvalues = new Float64Array(order);
  let finite = true;
  heap.withScratch(8 * (order * (order + length + 6) + width) + 4 * order * length, (scratch) => {
    const gram = scratch + 8 * order * length;
    const found = gram + 8 * order * order;
    const rest = found + 8 * order;
    const rows = rest + 8 * (5 * order + width);
    let to = rows;
    for (const block of blocks) {
      heap.float32(to, block.length).set(block);
      to += block.byteLength;
    }
    heap.kernels.centre(rows, count, width, count > width, rest, scratch);
    heap.kernels.gram(scratch, order, length, gram);
    // What is not finite shows in the sum of its vector's squares.
    const products = heap.float64(gram, order * order);
    for (let i = 0; i < order; i++) finite &&= Number.isFinite(products[i * (order + 1)]);
    if (!finite) return;
    heap.kernels.symmetricEigenvalues(gram, order, found, rest);
    eigenvalues.set(heap.float64(found, order));
  });
  return finite ? eigenvalues : null;
}

/** The rows less their mean, one after another, or, `transposed`, column after column. */
function centred({ width, blocks }: Rows, transposed: boolean): Float64Array {
  const n = countOf({ width, blocks });
  const differences = new Float64Array(n * width);
  const [rowStep, columnStep] = transposed ? [1, n] : [width, 1];
  const mean = new Float64Array(width);
  for (const block of blocks) {
    for (let start = 0; start < block.length; start += width) {
      for (let f = 0; f < width; f++) mean[f] += block[start + f] / n;
    }
  }
  let row = 0;
  for (const block of blocks) {
    for (let start = 0; start < block.length; start += width, row++) {
      for (let f = 0; f < width; f++) differences[row * rowStep + f * columnStep] = block[start + f] - mean[f];
    }
  }
  return differences;
}

function gramOf(vectors: Float64Array, count: number, length: number): Float64Array {
  const gram = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = i; j < count; j++) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += vectors[i * length + k] * vectors[j * length + k];
      gram[i * count + j] = gram[j * count + i] = sum;
    }
  }
  return gram;
}

/** Householder reduction. */
function reduced(matrix: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm += matrix[i * n + k] ** 2;
    norm = Math.sqrt(norm);
    if (norm === 0) continue;
    const alpha = matrix[(k + 1) * n + k] > 0 ? -norm : norm;
    let vv = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = matrix[i * n + k] - (i === k + 1 ? alpha : 0);
      vv += v[i] * v[i];
    }
    if (vv === 0) continue;
    // A <- H A H with H = I - 2 v v' / v'v, on the trailing block; p and q as in the book.
    let vp = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += matrix[i * n + j] * v[j];
      p[i] = (2 * sum) / vv;
      vp += p[i] * v[i];
    }
    for (let i = k + 1; i < n; i++) p[i] -= (vp / vv) * v[i];
    for (let i = k + 1; i < n; i++) {
      for (let j = k + 1; j < n; j++) matrix[i * n + j] -= v[i] * p[j] + p[i] * v[j];
    }
    matrix[(k + 1) * n + k] = alpha;
  }
  for (let i = 0; i < n; i++) {
    diagonal[i] = matrix[i * n + i];
    offDiagonal[i] = i + 1 < n ? matrix[(i + 1) * n + i] : 0;
  }
  return { diagonal, offDiagonal };
}

/** The implicit QL iteration. */
function eigenvaluesOf({ diagonal, offDiagonal }: Tridiagonal): Float64Array {
  const n = diagonal.length;
  for (let low = 0; low < n; low++) {
    for (let iteration = 0; ; iteration++) {
      let high = low;
      while (high < n - 1) {
        const scale = Math.abs(diagonal[high]) + Math.abs(diagonal[high + 1]);
        if (Math.abs(offDiagonal[high]) <= Number.EPSILON * scale) break;
        high++;
      }
      if (high === low || iteration === 60) break;
      let g = (diagonal[low + 1] - diagonal[low]) / (2 * offDiagonal[low]);
      const r = length(g, 1);
      g = diagonal[high] - diagonal[low] + offDiagonal[low] / (g + (g >= 0 ? r : -r));
      let [sine, cosine, shift] = [1, 1, 0];
      let deflated = false;
      for (let i = high - 1; i >= low; i--) {
        const f = sine * offDiagonal[i];
        const b = cosine * offDiagonal[i];
        const radius = length(f, g);
        offDiagonal[i + 1] = radius;
        if (radius === 0) {
          diagonal[i + 1] -= shift;
          offDiagonal[high] = 0;
          deflated = true;
          break;
        }
        sine = f / radius;
        cosine = g / radius;
        g = diagonal[i + 1] - shift;
        const t = (diagonal[i] - g) * sine + 2 * cosine * b;
        shift = sine * t;
        diagonal[i + 1] = g + shift;
        g = cosine * t - b;
      }
      if (deflated) continue;
      diagonal[low] -= shift;
      offDiagonal[low] = g;
      offDiagonal[high] = 0;
    }
  }
  return diagonal;
}

/** Plain, since Math.hypot takes many times as long: squares of what float32 tensors give stay within float64. */
const length = (a: number, b: number): number => Math.sqrt(a * a + b * b);
