/** What the eigenvalues of Gram matrices are computed with, in float64. */

// @ts-ignore: decorator of AssemblyScript
@inline
function at(base: usize, index: i32): usize {
  return base + (<usize>index << 3);
}

/** `out[i, j] = sum over k of vectors[i, k] vectors[j, k]` for `vectors: [count, length]`, `out: [count, count]`. */
export function gram(vectors: usize, count: i32, length: i32, out: usize): void {
  for (let i: i32 = 0; i < count; i++) {
    let j = i;
    if (ASC_FEATURE_SIMD) {
      for (; j + 4 <= count; j += 4) dotFour(at(vectors, i * length), at(vectors, j * length), length, at(out, i * count + j));
    }
    for (; j < count; j++) store<f64>(at(out, i * count + j), dot(at(vectors, i * length), at(vectors, j * length), length));
    for (j = i; j < count; j++) store<f64>(at(out, j * count + i), load<f64>(at(out, i * count + j)));
  }
}

/** Products of one vector with four that follow each other. */
function dotFour(a: usize, b: usize, length: i32, out: usize): void {
  const step = <usize>length << 3;
  const b1 = b + step;
  const b2 = b1 + step;
  const b3 = b2 + step;
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
  let k: i32 = 0;
  for (; k + 2 <= length; k += 2) {
    const value = v128.load(at(a, k));
    s0 = f64x2.add(s0, f64x2.mul(value, v128.load(at(b, k))));
    s1 = f64x2.add(s1, f64x2.mul(value, v128.load(at(b1, k))));
    s2 = f64x2.add(s2, f64x2.mul(value, v128.load(at(b2, k))));
    s3 = f64x2.add(s3, f64x2.mul(value, v128.load(at(b3, k))));
  }
  let r0 = total(s0), r1 = total(s1), r2 = total(s2), r3 = total(s3);
  if (k < length) {
    const value = load<f64>(at(a, k));
    r0 += value * load<f64>(at(b, k));
    r1 += value * load<f64>(at(b1, k));
    r2 += value * load<f64>(at(b2, k));
    r3 += value * load<f64>(at(b3, k));
  }
  store<f64>(out, r0);
  store<f64>(out, r1, 8);
  store<f64>(out, r2, 16);
  store<f64>(out, r3, 24);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function total(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

function dot(a: usize, b: usize, length: i32): f64 {
  let sum: f64 = 0;
  let k: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    let even = f64x2.splat(0), odd = f64x2.splat(0);
    for (; k + 4 <= length; k += 4) {
      even = f64x2.add(even, f64x2.mul(v128.load(at(a, k)), v128.load(at(b, k))));
      odd = f64x2.add(odd, f64x2.mul(v128.load(at(a, k), 16), v128.load(at(b, k), 16)));
    }
    sum = total(f64x2.add(even, odd));
  }
  for (; k < length; k++) sum += load<f64>(at(a, k)) * load<f64>(at(b, k));
  return sum;
}

/**
 * Reduces the symmetric `matrix: [n, n]`, of which only the upper triangle is used and which is destroyed, to tridiagonal
 * form by Householder reflections (Golub and Van Loan, Matrix Computations, 4th ed., section 8.3.1). Writes the diagonal
 * and the n - 1 entries beside it to `diagonal: [n]` and `beside: [n]`. `scratch: [2 n]`.
 */
export function tridiagonalize(matrix: usize, n: i32, diagonal: usize, beside: usize, scratch: usize): void {
  const v = scratch;
  const p = at(scratch, n);
  for (let k: i32 = 0; k < n; k++) {
    const row = at(matrix, k * n);
    store<f64>(at(diagonal, k), load<f64>(at(row, k)));
    const size = n - k - 1;
    if (size == 0) {
      store<f64>(at(beside, k), 0);
      break;
    }
    const right = at(row, k + 1);
    const first = load<f64>(right);
    const norm = Math.sqrt(dot(right, right, size));
    if (size == 1 || norm == 0) {
      store<f64>(at(beside, k), first);
      continue;
    }
    const alpha = first > 0 ? -norm : norm;
    store<f64>(at(beside, k), alpha);
    memory.copy(v, right, <usize>size << 3);
    store<f64>(v, first - alpha);
    const vv = dot(v, v, size);
    // A <- H A H with H = I - 2 v v' / v'v, on the trailing block; p and q as in the book.
    const block = at(matrix, (k + 1) * n + k + 1);
    multiplySymmetric(block, n, v, p, size);
    const factor = 2 / vv;
    for (let i: i32 = 0; i < size; i++) store<f64>(at(p, i), factor * load<f64>(at(p, i)));
    const share = dot(v, p, size) / vv;
    for (let i: i32 = 0; i < size; i++) store<f64>(at(p, i), load<f64>(at(p, i)) - share * load<f64>(at(v, i)));
    for (let i: i32 = 0; i < size; i++) {
      subtractMultiples(at(block, i * n + i), at(p, i), load<f64>(at(v, i)), at(v, i), load<f64>(at(p, i)), size - i);
    }
  }
}

/** `out = A v`, from the upper triangle of A, whose rows are `stride` apart. */
function multiplySymmetric(a: usize, stride: i32, v: usize, out: usize, size: i32): void {
  memory.fill(out, 0, <usize>size << 3);
  for (let i: i32 = 0; i < size; i++) {
    const row = at(a, i * stride);
    const vi = load<f64>(at(v, i));
    let sum = load<f64>(at(row, i)) * vi;
    let j = i + 1;
    if (ASC_FEATURE_SIMD) {
      const factor = f64x2.splat(vi);
      let sums = f64x2.splat(0);
      for (; j + 2 <= size; j += 2) {
        const values = v128.load(at(row, j));
        sums = f64x2.add(sums, f64x2.mul(values, v128.load(at(v, j))));
        v128.store(at(out, j), f64x2.add(v128.load(at(out, j)), f64x2.mul(values, factor)));
      }
      sum += total(sums);
    }
    for (; j < size; j++) {
      const value = load<f64>(at(row, j));
      sum += value * load<f64>(at(v, j));
      store<f64>(at(out, j), load<f64>(at(out, j)) + value * vi);
    }
    store<f64>(at(out, i), load<f64>(at(out, i)) + sum);
  }
}

/** `row -= x * xFactor + y * yFactor`. */
function subtractMultiples(row: usize, x: usize, xFactor: f64, y: usize, yFactor: f64, length: i32): void {
  let k: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const xs = f64x2.splat(xFactor);
    const ys = f64x2.splat(yFactor);
    for (; k + 2 <= length; k += 2) {
      const change = f64x2.add(f64x2.mul(v128.load(at(x, k)), xs), f64x2.mul(v128.load(at(y, k)), ys));
      v128.store(at(row, k), f64x2.sub(v128.load(at(row, k)), change));
    }
  }
  for (; k < length; k++) {
    store<f64>(at(row, k), load<f64>(at(row, k)) - (load<f64>(at(x, k)) * xFactor + load<f64>(at(y, k)) * yFactor));
  }
}
