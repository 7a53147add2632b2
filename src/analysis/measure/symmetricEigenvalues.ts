import { wasmHeap } from '../backend/heap';

/** A symmetric matrix with entries on its diagonal and beside it only: n of the one, n - 1 of the other and a 0. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
}

/**
 * Eigenvalues of a real symmetric matrix, in no particular order. `matrix` holds n x n entries row by row and is destroyed.
 *
 * Householder reduction to tridiagonal form, then the implicit QL iteration, without eigenvectors (Golub and Van Loan,
 * Matrix Computations, 4th ed., sections 8.3.1 and 8.3.3): about 4/3 n^3 operations.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  return eigenvaluesOf(reducedOnHeap(matrix, n) ?? reduced(matrix, n));
}

/**
 * Eigenvalues of `V V'` for `vectors: [count, length]`: the squares of the singular values of V. Null where they are not
 * finite.
 */
export function gramEigenvalues(vectors: Float64Array, count: number, length: number): Float64Array | null {
  const gram = gramOnHeap(vectors, count, length) ?? gramOf(vectors, count, length);
  for (let i = 0; i < gram.length; i++) if (!Number.isFinite(gram[i])) return null;
  return symmetricEigenvalues(gram, count);
}

function gramOnHeap(vectors: Float64Array, count: number, length: number): Float64Array | null {
  const heap = wasmHeap();
  if (heap === null) return null;
  const gram = new Float64Array(count * count);
  heap.withScratch(8 * (vectors.length + gram.length), (scratch) => {
    const out = scratch + 8 * vectors.length;
    heap.float64(scratch, vectors.length).set(vectors);
    heap.kernels.gram(scratch, count, length, out);
    gram.set(heap.float64(out, gram.length));
  });
  return gram;
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

/** The same as `reduced`, by the routine of ../backend/assembly/spectrum.ts. */
function reducedOnHeap(matrix: Float64Array, n: number): Tridiagonal | null {
  const heap = wasmHeap();
  if (heap === null) return null;
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  heap.withScratch(8 * (n * n + 4 * n), (scratch) => {
    const [first, second] = [scratch + 8 * n * n, scratch + 8 * (n * n + n)];
    heap.float64(scratch, n * n).set(matrix);
    heap.kernels.tridiagonalize(scratch, n, first, second, second + 8 * n);
    diagonal.set(heap.float64(first, n));
    offDiagonal.set(heap.float64(second, n));
  });
  return { diagonal, offDiagonal };
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
