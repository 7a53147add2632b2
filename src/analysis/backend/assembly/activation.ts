import { intervalGradient, sigmoidGradient, tanhGradient } from './gradients';
import { exponentialConstants } from './exponential';

/** Activation functions by the numbers that ../recurrence.ts gives them. */
const LINEAR: i32 = 0;
const RELU: i32 = 1;
const SIGMOID: i32 = 2;
const TANH: i32 = 3;
/** `z / 5 + 1 / 2` between 0 and 1. */
const HARD_SIGMOID: i32 = 4;
/** `z / 6 + 1 / 2` between 0 and 1. */
const HARD_SIGMOID_3: i32 = 5;

/** `out = phi(z)`, in place too. NaN stays NaN. */
export function activate(kind: i32, z: usize, out: usize, size: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const constants = exponentialConstants;
    for (; i + 4 <= size; i += 4) v128.store(at(out, i), valuesOfFour(kind, v128.load(at(z, i)), constants));
  }
  for (; i < size; i++) store<f32>(at(out, i), valueOfOne(kind, load<f32>(at(z, i))));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function valuesOfFour(kind: i32, z: v128, constants: usize): v128 {
  if (kind == SIGMOID) return logisticOfFour(z, constants);
  if (kind == TANH) return tanhOfFour(z, constants);
  if (kind == RELU) return f32x4.max(z, f32x4.splat(0));
  if (kind == LINEAR) return z;
  const line = f32x4.add(f32x4.mul(z, f32x4.splat(slopeOf(kind))), f32x4.splat(0.5));
  return f32x4.min(f32x4.max(line, f32x4.splat(0)), f32x4.splat(1));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function valueOfOne(kind: i32, z: f32): f32 {
  if (kind == SIGMOID) return logisticOfOne(z);
  if (kind == TANH) return tanhOfOne(z);
  if (kind == RELU) return max(z, <f32>0);
  if (kind == LINEAR) return z;
  return min(max(z * slopeOf(kind) + 0.5, <f32>0), <f32>1);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function slopeOf(kind: i32): f32 {
  return kind == HARD_SIGMOID ? 0.2 : 1.0 / 6.0;
}

/** `1 / (1 + e)` for positive z and `e / (1 + e)` for others with `e = exp(-|z|)`, which loses no digits on either side. */
// @ts-ignore: decorator of AssemblyScript
@inline
function logisticOfFour(z: v128, constants: usize): v128 {
  const one = f32x4.splat(1);
  const e = exponential(f32x4.neg(f32x4.abs(z)), constants);
  const numerator = v128.bitselect(one, e, f32x4.gt(z, f32x4.splat(0)));
  return v128.bitselect(f32x4.div(numerator, f32x4.add(one, e)), z, f32x4.eq(z, z));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function logisticOfOne(z: f32): f32 {
  if (z != z) return z;
  const e = exponentialOne(-abs(z));
  return (z > 0 ? 1 : e) / (1 + e);
}

/** Below this, tanh is a polynomial; above, `(1 - e) / (1 + e)` with `e = exp(-2 |z|)` has lost few digits. */
const TANH_POLYNOMIAL: f32 = 0.625;
/** Of `tanh(z) = z + z^3 p(z^2)`, highest power first: Moshier's Cephes library, single/tanhf.c. */
const P4: f32 = -5.70498872745e-3;
const P3: f32 = 2.06390887954e-2;
const P2: f32 = -5.37397155531e-2;
const P1: f32 = 1.33314422036e-1;
const P0: f32 = -3.33332819422e-1;

// @ts-ignore: decorator of AssemblyScript
@inline
function tanhOfFour(z: v128, constants: usize): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.abs(z);
  const e = exponential(f32x4.mul(size, f32x4.splat(-2)), constants);
  const large = v128.or(f32x4.div(f32x4.sub(one, e), f32x4.add(one, e)), v128.xor(z, size));
  const square = f32x4.mul(z, z);
  let p = f32x4.splat(P4);
  p = madd(p, square, f32x4.splat(P3));
  p = madd(p, square, f32x4.splat(P2));
  p = madd(p, square, f32x4.splat(P1));
  p = madd(p, square, f32x4.splat(P0));
  const small = madd(f32x4.mul(p, square), z, z);
  // NaN takes the polynomial, which it stays NaN in.
  return v128.bitselect(large, small, f32x4.ge(size, f32x4.splat(TANH_POLYNOMIAL)));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function tanhOfOne(z: f32): f32 {
  const size = abs(z);
  if (size >= TANH_POLYNOMIAL) {
    const e = exponentialOne(-2 * size);
    return copysign<f32>((1 - e) / (1 + e), z);
  }
  const square = z * z;
  return z + z * square * ((((P4 * square + P3) * square + P2) * square + P1) * square + P0);
}

/** The smallest positive float32, and the largest below 1. */
const SMALLEST_POSITIVE: f32 = 1.4e-45;
const BELOW_ONE: f32 = 0.99999994;

/** `out = dy phi'(z)`, in place too, from the values `y = phi(z)`. At the corners of hard sigmoid the slope is 0. */
export function activationGradient(kind: i32, y: usize, dy: usize, out: usize, size: i32): void {
  if (kind == SIGMOID) sigmoidGradient(y, dy, out, size, false);
  else if (kind == TANH) tanhGradient(y, dy, out, size, false);
  else if (kind == RELU) intervalGradient(y, dy, out, size, SMALLEST_POSITIVE, Infinity, false);
  else if (kind == LINEAR) memory.copy(out, dy, <usize>size << 2);
  else {
    intervalGradient(y, dy, out, size, SMALLEST_POSITIVE, BELOW_ONE, false);
    const slope = slopeOf(kind);
    for (let i: i32 = 0; i < size; i++) store<f32>(at(out, i), load<f32>(at(out, i)) * slope);
  }
}
