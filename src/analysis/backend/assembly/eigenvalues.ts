/** Eigenvalues of symmetric matrices, in float64. */
import { at, dot, get, set } from './doubles';

/**
 * Eigenvalues of the symmetric `matrix: [n, n]`, of which only the upper triangle is used and which is destroyed, in no
 * particular order, to `eigenvalues: [n]`. `scratch: [5 n]`.
 */
export function symmetricEigenvalues(matrix: usize, n: i32, eigenvalues: usize, scratch: usize): void {
  tridiagonalize(matrix, n, eigenvalues, scratch, at(scratch, n));
  rationalQl(eigenvalues, scratch, n);
}

/**
 * Reduces the symmetric `matrix: [n, n]` to tridiagonal form by Householder reflections (Golub and Van Loan, Matrix
 * Computations, 4th ed., section 8.3.1). Writes the diagonal and the squares of the n - 1 entries beside it, with a 0 after
 * them, to `diagonal: [n]` and `squares: [n]`. `scratch: [4 n]`.
 *
 * A <- H A H with H = I - 2 v v' / v'v subtracts v p' + p v', p as w in the book. This is put off until the next
 * reflection is known, whose product with A is then taken in the same pass over A.
 */
function tridiagonalize(matrix: usize, n: i32, diagonal: usize, squares: usize, scratch: usize): void {
  memory.fill(scratch, 0, <usize>n << 5);
  let v = scratch;
  let p = at(v, n);
  let nextV = at(p, n);
  let nextP = at(nextV, n);
  for (let k: i32 = 0; k < n; k++) {
    const size = n - k - 1;
    const row = at(matrix, k * n + k);
    subtractMultiples(row, p, get(v, 0), v, get(p, 0), size + 1);
    set(diagonal, k, get(row, 0));
    const right = at(row, 1);
    const square = dot(right, right, size);
    set(squares, k, square);
    if (size == 0) break;
    memory.fill(nextP, 0, <usize>size << 3);
    const reflected = size > 1 && square > 0;
    if (reflected) {
      const norm = Math.sqrt(square);
      const first = get(right, 0);
      memory.copy(nextV, right, <usize>size << 3);
      set(nextV, 0, first > 0 ? first + norm : first - norm);
    } else {
      memory.fill(nextV, 0, <usize>size << 3);
    }
    updateAndMultiply(at(right, n), n, at(v, 1), at(p, 1), nextV, nextP, size);
    if (reflected) {
      const vv = dot(nextV, nextV, size);
      const factor = 2 / vv;
      const share = (factor * dot(nextV, nextP, size)) / vv;
      for (let i: i32 = 0; i < size; i++) set(nextP, i, factor * get(nextP, i) - share * get(nextV, i));
    }
    const lastV = v;
    const lastP = p;
    v = nextV;
    p = nextP;
    nextV = lastV;
    nextP = lastP;
  }
}

/** `row -= x * xFactor + y * yFactor`. */
function subtractMultiples(row: usize, x: usize, xFactor: f64, y: usize, yFactor: f64, length: i32): void {
  for (let j: i32 = 0; j < length; j++) set(row, j, get(row, j) - (get(x, j) * xFactor + get(y, j) * yFactor));
}

/**
 * `A -= v p' + p v'`, then `out += A w`, for the upper triangle of A, whose rows are `stride` apart: two rows at a time, so
 * that the vectors are read half as often.
 */
function updateAndMultiply(a: usize, stride: i32, v: usize, p: usize, w: usize, out: usize, size: i32): void {
  let i: i32 = 0;
  for (; i + 2 <= size; i += 2) {
    const row = at(a, i * stride);
    const below = at(row, stride);
    const v0 = get(v, i), v1 = get(v, i + 1);
    const p0 = get(p, i), p1 = get(p, i + 1);
    const w0 = get(w, i), w1 = get(w, i + 1);
    subtractMultiples(at(row, i), at(p, i), v0, at(v, i), p0, 2);
    subtractMultiples(at(below, i + 1), at(p, i + 1), v1, at(v, i + 1), p1, 1);
    const corner = get(row, i + 1);
    let sum0 = get(row, i) * w0 + corner * w1;
    let sum1 = corner * w0 + get(below, i + 1) * w1;
    let j = i + 2;
    if (ASC_FEATURE_SIMD) {
      const minusV0 = f64x2.splat(-v0), minusV1 = f64x2.splat(-v1);
      const minusP0 = f64x2.splat(-p0), minusP1 = f64x2.splat(-p1);
      const factor0 = f64x2.splat(w0), factor1 = f64x2.splat(w1);
      let sums0 = f64x2.splat(0), sums1 = f64x2.splat(0);
      for (; j + 2 <= size; j += 2) {
        const vs = v128.load(at(v, j)), ps = v128.load(at(p, j)), ws = v128.load(at(w, j));
        const first = maddPairs(ps, minusV0, maddPairs(vs, minusP0, v128.load(at(row, j))));
        const second = maddPairs(ps, minusV1, maddPairs(vs, minusP1, v128.load(at(below, j))));
        v128.store(at(row, j), first);
        v128.store(at(below, j), second);
        sums0 = maddPairs(first, ws, sums0);
        sums1 = maddPairs(second, ws, sums1);
        v128.store(at(out, j), maddPairs(first, factor0, maddPairs(second, factor1, v128.load(at(out, j)))));
      }
      sum0 += total(sums0);
      sum1 += total(sums1);
    }
    for (; j < size; j++) {
      const first = get(row, j) - (get(p, j) * v0 + get(v, j) * p0);
      const second = get(below, j) - (get(p, j) * v1 + get(v, j) * p1);
      set(row, j, first);
      set(below, j, second);
      sum0 += first * get(w, j);
      sum1 += second * get(w, j);
      set(out, j, get(out, j) + first * w0 + second * w1);
    }
    set(out, i, get(out, i) + sum0);
    set(out, i + 1, get(out, i + 1) + sum1);
  }
  if (i < size) {
    const last = at(a, i * stride + i);
    set(last, 0, get(last, 0) - 2 * get(v, i) * get(p, i));
    set(out, i, get(out, i) + get(last, 0) * get(w, i));
  }
}

/** The spacing of float64 numbers at 1. */
const EPSILON: f64 = 2.220446049250313e-16;
const MOST_ITERATIONS: i32 = 60;

/**
 * Replaces the `diagonal: [n]` of a symmetric tridiagonal matrix by its eigenvalues; `squares: [n]` are of the entries
 * beside it, with a 0 after them, and are destroyed. The QL iteration without square roots (Reinsch 1973, Algorithm 464,
 * "Eigenvalues of a real, symmetric, tridiagonal matrix"): absolute errors are about the spacing of float64 numbers at the
 * largest eigenvalue, whose third power must be a float64 number.
 */
function rationalQl(diagonal: usize, squares: usize, n: i32): void {
  let shifts: f64 = 0;
  let largest: f64 = 0;
  for (let low: i32 = 0; low < n; low++) {
    largest = Math.max(largest, Math.abs(get(diagonal, low)) + Math.sqrt(get(squares, low)));
    const small = EPSILON * largest;
    const negligible = small * small;
    for (let iteration: i32 = 0; iteration < MOST_ITERATIONS; iteration++) {
      let high = low;
      while (get(squares, high) > negligible) high++;
      if (high == low) break;
      // The eigenvalue of the first two rows and columns that is nearer to the first entry.
      const beside = Math.sqrt(get(squares, low));
      const half = (get(diagonal, low + 1) - get(diagonal, low)) / (2 * beside);
      const first = beside / (half + (half < 0 ? -1 : 1) * Math.sqrt(half * half + 1));
      const shift = get(diagonal, low) - first;
      set(diagonal, low, first);
      for (let i = low + 1; i < n; i++) set(diagonal, i, get(diagonal, i) - shift);
      shifts += shift;
      let g = nonZero(get(diagonal, high), small);
      let h = g;
      let s: f64 = 0;
      for (let i = high - 1; i >= low; i--) {
        const square = get(squares, i);
        const p = g * h;
        const r = p + square;
        set(squares, i + 1, s * r);
        s = square / r;
        const entry = get(diagonal, i);
        set(diagonal, i + 1, h + s * (h + entry));
        g = nonZero(entry - square / g, small);
        h = g * (p / r);
      }
      set(diagonal, low, h);
      const rest = s * g;
      // Without the product with h, which may be too small a number.
      if (h == 0 || Math.abs(rest) <= Math.abs(negligible / h)) {
        set(squares, low, 0);
        break;
      }
      set(squares, low, h * rest);
    }
    set(diagonal, low, get(diagonal, low) + shifts);
  }
}

// @ts-ignore: decorator of AssemblyScript
@inline
function nonZero(value: f64, small: f64): f64 {
  return value == 0 ? small : value;
}
