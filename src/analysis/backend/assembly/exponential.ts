import { allocate } from './allocate';

/** Below this, exp is no normal float32; it is taken for 0. */
const LOWEST_EXPONENT: f32 = -87.33654;
const LOG2E: f32 = 1.44269504;
/** ln 2 in two parts, of which products of the first with small integers are exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
/** 1.5 2^23: added to a small number, it leaves the nearest integer in the last bits of a float32. */
const ROUNDING: f32 = 12582912;

/**
 * Address of the constants of `exponential`, four of each. V8 makes a constant anew wherever it is used, which takes three
 * instructions where loading takes one.
 */
export let exponentialConstants: usize = 0;

/** To be called once, before any other routine. */
export function prepareExponential(): void {
  if (!ASC_FEATURE_SIMD) return;
  exponentialConstants = allocate(12 * 16);
  v128.store(exponentialConstants, f32x4.splat(LOWEST_EXPONENT));
  v128.store(exponentialConstants, f32x4.splat(LOG2E), 16);
  v128.store(exponentialConstants, f32x4.splat(ROUNDING), 32);
  v128.store(exponentialConstants, f32x4.splat(-LN2_HIGH), 48);
  v128.store(exponentialConstants, f32x4.splat(-LN2_LOW), 64);
  v128.store(exponentialConstants, f32x4.splat(1.0 / 5040.0), 80);
  v128.store(exponentialConstants, f32x4.splat(1.0 / 720.0), 96);
  v128.store(exponentialConstants, f32x4.splat(1.0 / 120.0), 112);
  v128.store(exponentialConstants, f32x4.splat(1.0 / 24.0), 128);
  v128.store(exponentialConstants, f32x4.splat(1.0 / 6.0), 144);
  v128.store(exponentialConstants, f32x4.splat(0.5), 160);
  v128.store(exponentialConstants, f32x4.splat(1), 176);
}

/**
 * exp(x) for x <= 0: `2^n exp(r)` with |r| <= ln(2) / 2, where the Taylor polynomial of degree 7 is off by less than half a
 * unit in the last place of float32. `constants` is what `exponentialConstants` holds, in a variable of the caller's.
 */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function exponential(x: v128, constants: usize): v128 {
  const normal = f32x4.ge(x, v128.load(constants));
  const rounding = v128.load(constants, 32);
  const bits = madd(x, v128.load(constants, 16), rounding);
  const n = f32x4.sub(bits, rounding);
  let r = madd(n, v128.load(constants, 48), x);
  r = madd(n, v128.load(constants, 64), r);
  const one = v128.load(constants, 176);
  let y = v128.load(constants, 80);
  y = madd(y, r, v128.load(constants, 96));
  y = madd(y, r, v128.load(constants, 112));
  y = madd(y, r, v128.load(constants, 128));
  y = madd(y, r, v128.load(constants, 144));
  y = madd(y, r, v128.load(constants, 160));
  y = madd(y, r, one);
  y = madd(y, r, one);
  // The integer goes to the exponent of y.
  return v128.and(i32x4.add(y, i32x4.shl(bits, 23)), normal);
}

/** The same of one number. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function exponentialOne(x: f32): f32 {
  if (!(x >= LOWEST_EXPONENT)) return 0;
  const n = nearest(x * LOG2E);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  let y: f32 = 1.0 / 5040.0;
  y = y * r + 1.0 / 720.0;
  y = y * r + 1.0 / 120.0;
  y = y * r + 1.0 / 24.0;
  y = y * r + 1.0 / 6.0;
  y = y * r + 0.5;
  y = y * r + 1;
  y = y * r + 1;
  return y * reinterpret<f32>((<i32>n + 127) << 23);
}
