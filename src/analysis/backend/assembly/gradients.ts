/**
 * Gradients entry by entry, which go on to the layers before. Where `squares` are wanted all answer the sum of those of what
 * they write, which is not finite where one of the entries is not: it is taken while they are at hand, not read from memory
 * again. Elsewhere the answer means nothing.
 */
import { addSquares, allSquares, SQUARES_BLOCK, startSquares } from './squares';
import { allocate, free } from './allocate';

/** `out = dy` where x is in `[low, high]` or NaN, else 0: the gradient of ReLU, ReLU6 and clipping. */
export function intervalGradient(x: usize, dy: usize, out: usize, size: i32, low: f32, high: f32, squares: bool): f64 {
  return squares
    ? chain(INTERVAL, true, x, size, dy, out, size, low, high)
    : chain(INTERVAL, false, x, size, dy, out, size, low, high);
}

/** `out = dy y (1 - y)`: the gradient of the logistic function with values y. */
export function sigmoidGradient(y: usize, dy: usize, out: usize, size: i32, squares: bool): f64 {
  return squares
    ? chain(LOGISTIC, true, y, size, dy, out, size, 0, 0)
    : chain(LOGISTIC, false, y, size, dy, out, size, 0, 0);
}

/** `out = dy (1 - y^2)`: the gradient of tanh with values y. */
export function tanhGradient(y: usize, dy: usize, out: usize, size: i32, squares: bool): f64 {
  return squares
    ? chain(TANH, true, y, size, dy, out, size, 0, 0)
    : chain(TANH, false, y, size, dy, out, size, 0, 0);
}

/** `out[r, c] = dy[r, c] factor[c]` for `dy, out: [rows, channels]`. */
export function scaleChannels(factor: usize, dy: usize, out: usize, rows: i32, channels: i32, squares: bool): f64 {
  const size = rows * channels;
  // Eight times over, the factors can be gone through by eight.
  const bytes = <usize>channels << 2;
  const factors = allocate(8 * bytes);
  for (let copy: i32 = 0; copy < 8; copy++) memory.copy(factors + <usize>copy * bytes, factor, bytes);
  const sum = squares
    ? chain(PRODUCT, true, factors, 8 * channels, dy, out, size, 0, 0)
    : chain(PRODUCT, false, factors, 8 * channels, dy, out, size, 0, 0);
  free(factors);
  return sum;
}

const INTERVAL: i32 = 0;
const LOGISTIC: i32 = 1;
const TANH: i32 = 2;
const PRODUCT: i32 = 3;

/** `dy` times the derivative that `a` tells of. */
// @ts-ignore: decorator of AssemblyScript
@inline
function timesDerivative(kind: i32, a: v128, dy: v128, lows: v128, highs: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == INTERVAL) return v128.andnot(dy, v128.or(f32x4.lt(a, lows), f32x4.gt(a, highs)));
  if (kind == LOGISTIC) return f32x4.mul(dy, f32x4.mul(a, f32x4.sub(one, a)));
  if (kind == TANH) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(a, a)));
  return f32x4.mul(dy, a);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function timesDerivativeOfOne(kind: i32, a: f32, dy: f32, low: f32, high: f32): f32 {
  if (kind == INTERVAL) return a < low || a > high ? 0 : dy;
  if (kind == LOGISTIC) return dy * (a * (1 - a));
  if (kind == TANH) return dy * (1 - a * a);
  return dy * a;
}

/** @param period of `a`, which begins anew after so many values: `size`, or a multiple of 8. */
// @ts-ignore: decorator of AssemblyScript
@inline
function chain(
  kind: i32, squares: bool, a: usize, period: i32, dy: usize, out: usize, size: i32, low: f32, high: f32,
): f64 {
  startSquares();
  let i: i32 = 0;
  let rest: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const lows = f32x4.splat(low);
    const highs = f32x4.splat(high);
    const end = at(a, period);
    let from = a;
    for (; i + SQUARES_BLOCK <= size; i += SQUARES_BLOCK) {
      const scales = squaresScales();
      let even = f32x4.splat(0), odd = even, bits = even;
      for (let to = at(out, i), last = at(out, i + SQUARES_BLOCK), back = at(dy, i); to < last; to += 32, back += 32) {
        const first = timesDerivative(kind, v128.load(from), v128.load(back), lows, highs);
        const second = timesDerivative(kind, v128.load(from, 16), v128.load(back, 16), lows, highs);
        v128.store(to, first);
        v128.store(to, second, 16);
        if (squares) {
          even = addSquare(first, scales, even);
          odd = addSquare(second, scales, odd);
          bits = v128.or(bits, v128.or(first, second));
        }
        from += 32;
        if (kind == PRODUCT && from == end) from = a;
      }
      if (squares) addSquaresOfBlock(at(out, i), f32x4.add(even, odd), bits);
    }
    rest = i;
    for (; i + 4 <= size; i += 4, from += 16) {
      if (kind == PRODUCT && from == end) from = a;
      v128.store(at(out, i), timesDerivative(kind, v128.load(from), v128.load(at(dy, i)), lows, highs));
    }
  }
  for (; i < size; i++) {
    const value = load<f32>(at(a, kind == PRODUCT ? i % period : i));
    store<f32>(at(out, i), timesDerivativeOfOne(kind, value, load<f32>(at(dy, i)), low, high));
  }
  if (squares) addSquares(at(out, rest), size - rest);
  return allSquares();
}
