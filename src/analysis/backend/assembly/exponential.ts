/** Below this, exp is no normal float32; it is taken for 0. */
const LOWEST_EXPONENT: f32 = -87.33654;
const LOG2E: f32 = 1.44269504;
/** ln 2 in two parts, of which products of the first with small integers are exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
/** 1.5 2^23: added to a small number, it leaves the nearest integer in the last bits of a float32. */
const ROUNDING: f32 = 12582912;

/**
 * exp(x) for x <= 0: `2^n exp(r)` with |r| <= ln(2) / 2, where the Taylor polynomial of degree 7 is off by less than half a
 * unit in the last place of float32.
 */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function exponential(x: v128): v128 {
  const normal = f32x4.ge(x, f32x4.splat(LOWEST_EXPONENT));
  const bits = madd(x, f32x4.splat(LOG2E), f32x4.splat(ROUNDING));
  const n = f32x4.sub(bits, f32x4.splat(ROUNDING));
  let r = madd(n, f32x4.splat(-LN2_HIGH), x);
  r = madd(n, f32x4.splat(-LN2_LOW), r);
  let y = f32x4.splat(1.0 / 5040.0);
  y = madd(y, r, f32x4.splat(1.0 / 720.0));
  y = madd(y, r, f32x4.splat(1.0 / 120.0));
  y = madd(y, r, f32x4.splat(1.0 / 24.0));
  y = madd(y, r, f32x4.splat(1.0 / 6.0));
  y = madd(y, r, f32x4.splat(0.5));
  y = madd(y, r, f32x4.splat(1));
  y = madd(y, r, f32x4.splat(1));
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
