/** Gram matrices of outputs less their mean, in float64. */
import { at, dot, get, set } from './doubles';

/**
 * Writes the float32 `rows: [count, width]` less their mean to `out`, as `[count, width]` or, `transposed`, as
 * `[width, count]`; and the mean to `mean: [width]`.
 */
export function centre(rows: usize, count: i32, width: i32, transposed: bool, mean: usize, out: usize): void {
  const rowStep = transposed ? 1 : width;
  const columnStep = transposed ? count : 1;
  memory.fill(mean, 0, <usize>width << 3);
  for (let i: i32 = 0; i < count; i++) {
    const row = rows + (<usize>(i * width) << 2);
    for (let j: i32 = 0; j < width; j++) set(mean, j, get(mean, j) + <f64>load<f32>(row + (<usize>j << 2)));
  }
  for (let j: i32 = 0; j < width; j++) set(mean, j, get(mean, j) / count);
  for (let i: i32 = 0; i < count; i++) {
    const row = rows + (<usize>(i * width) << 2);
    const to = at(out, i * rowStep);
    for (let j: i32 = 0; j < width; j++) set(to, j * columnStep, <f64>load<f32>(row + (<usize>j << 2)) - get(mean, j));
  }
}

/**
 * `out[i, j] = sum over k of vectors[i, k] vectors[j, k]` for `vectors: [count, length]`, `out: [count, count]`, of which
 * only the upper triangle is meant.
 */
export function gram(vectors: usize, count: i32, length: i32, out: usize): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 2 <= count; i += 2) {
      let j = i;
      for (; j + 4 <= count; j += 4) dotTwoByFour(at(vectors, i * length), at(vectors, j * length), length, at(out, i * count + j), count);
      for (; j < count; j++) {
        set(out, i * count + j, dot(at(vectors, i * length), at(vectors, j * length), length));
        set(out, (i + 1) * count + j, dot(at(vectors, (i + 1) * length), at(vectors, j * length), length));
      }
    }
  }
  for (; i < count; i++) {
    for (let j = i; j < count; j++) set(out, i * count + j, dot(at(vectors, i * length), at(vectors, j * length), length));
  }
}

/** Products of two vectors that follow each other with four that do, `out: [2, 4]` in rows that are `stride` apart. */
function dotTwoByFour(a: usize, b: usize, length: i32, out: usize, stride: i32): void {
  const step = <usize>length << 3;
  const a1 = a + step;
  const b1 = b + step;
  const b2 = b1 + step;
  const b3 = b2 + step;
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
  let t0 = f64x2.splat(0), t1 = f64x2.splat(0), t2 = f64x2.splat(0), t3 = f64x2.splat(0);
  let k: i32 = 0;
  for (; k + 2 <= length; k += 2) {
    const first = v128.load(at(a, k));
    const second = v128.load(at(a1, k));
    const c0 = v128.load(at(b, k));
    s0 = maddPairs(first, c0, s0);
    t0 = maddPairs(second, c0, t0);
    const c1 = v128.load(at(b1, k));
    s1 = maddPairs(first, c1, s1);
    t1 = maddPairs(second, c1, t1);
    const c2 = v128.load(at(b2, k));
    s2 = maddPairs(first, c2, s2);
    t2 = maddPairs(second, c2, t2);
    const c3 = v128.load(at(b3, k));
    s3 = maddPairs(first, c3, s3);
    t3 = maddPairs(second, c3, t3);
  }
  // An odd length leaves one entry, whose pairs end with a 0.
  if (k < length) {
    const first = v128.load64_zero(at(a, k));
    const second = v128.load64_zero(at(a1, k));
    const c0 = v128.load64_zero(at(b, k));
    const c1 = v128.load64_zero(at(b1, k));
    const c2 = v128.load64_zero(at(b2, k));
    const c3 = v128.load64_zero(at(b3, k));
    s0 = maddPairs(first, c0, s0);
    t0 = maddPairs(second, c0, t0);
    s1 = maddPairs(first, c1, s1);
    t1 = maddPairs(second, c1, t1);
    s2 = maddPairs(first, c2, s2);
    t2 = maddPairs(second, c2, t2);
    s3 = maddPairs(first, c3, s3);
    t3 = maddPairs(second, c3, t3);
  }
  set(out, 0, total(s0));
  set(out, 1, total(s1));
  set(out, 2, total(s2));
  set(out, 3, total(s3));
  const below = at(out, stride);
  set(below, 0, total(t0));
  set(below, 1, total(t1));
  set(below, 2, total(t2));
  set(below, 3, total(t3));
}
