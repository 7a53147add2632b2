/** Standard normal draws as `drawNormal` of ../../probe/random.ts makes them, two from two uniform ones, in float64 as there. */

/** Of float64: the bits of the square root of a half, and of 2^52, whose last bits take any integer below it. */
const ROOT_HALF: i64 = 0x3fe6a09e667f3bcd;
const WHOLE: i64 = 0x4330000000000000;
const MANTISSA_BITS: i32 = 52;
/** Makes exponents positive. */
const BIAS: i64 = 1024;
/** Keeps the logarithm finite. */
const LEAST: f64 = 1e-12;
/** 2^-32: from the bits of mulberry32 to [0, 1). */
const UNIT: f64 = 1.0 / 4294967296.0;

/** Writes `2 pairs` draws, from the one that follows `state` on. */
export function drawPairs(out: usize, pairs: i32, state: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 2 <= pairs; i += 2, state += 4 * MULBERRY_STEP) {
      const bits = mulberryFour(state);
      const u = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(bits, bits, 0, 2, 0, 2));
      const v = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(bits, bits, 1, 3, 1, 3));
      const r = radius<v128>(f64x2.mul(u, f64x2.splat(UNIT)));
      const turns = f64x2.mul(v, f64x2.splat(UNIT));
      const x = f32x4.demote_f64x2_zero(f64x2.mul(r, cosine<v128>(turns)));
      const y = f32x4.demote_f64x2_zero(f64x2.mul(r, cosine<v128>(f64x2.sub(turns, f64x2.splat(0.25)))));
      v128.store(at(out, 2 * i), v128.shuffle<f32>(x, y, 0, 4, 1, 5));
    }
  }
  for (; i < pairs; i++, state += 2 * MULBERRY_STEP) {
    const r = radius<f64>(<f64>(<u32>mulberry(state)) * UNIT);
    const turns = <f64>(<u32>mulberry(state + MULBERRY_STEP)) * UNIT;
    store<f32>(at(out, 2 * i), <f32>(r * cosine<f64>(turns)));
    store<f32>(at(out, 2 * i + 1), <f32>(r * cosine<f64>(turns - 0.25)));
  }
}

/** `sqrt(-2 ln u)`, of one value or of two, like all that follows. */
// @ts-ignore: decorator of AssemblyScript
@inline
function radius<T>(u: T): T {
  if (isVector<T>()) return f64x2.sqrt(f64x2.mul(f64x2.splat(-2), ln<T>(f64x2.max(u, f64x2.splat(LEAST)))));
  return sqrt<T>(<T>-2 * ln<T>(max<T>(u, <T>LEAST)));
}

/** Natural logarithm of normal numbers above 0: that of 2^e m, with m around 1, is `e ln 2 + 2 artanh((m - 1) / (m + 1))`. */
// @ts-ignore: decorator of AssemblyScript
@inline
function ln<T>(x: T): T {
  if (isVector<T>()) {
    const exponents = i64x2.shr_s(i64x2.sub(x, i64x2.splat(ROOT_HALF)), MANTISSA_BITS);
    const m = i64x2.sub(x, i64x2.shl(exponents, MANTISSA_BITS));
    const biased = v128.or(i64x2.add(exponents, i64x2.splat(BIAS)), i64x2.splat(WHOLE));
    const e = f64x2.sub(biased, f64x2.splat(reinterpret<f64>(WHOLE) + <f64>BIAS));
    const one = f64x2.splat(1);
    return logarithm<T>(e, f64x2.div(f64x2.sub(m, one), f64x2.add(m, one)));
  }
  const bits = reinterpret<i64>(x);
  const exponent = (bits - ROOT_HALF) >> MANTISSA_BITS;
  const m = reinterpret<T>(bits - (exponent << MANTISSA_BITS));
  return logarithm<T>(<T>exponent, (m - <T>1) / (m + <T>1));
}

/** `e ln 2 + 2 artanh(s)` for |s| up to 0.172, where the series' next term is below 2^-53 of its first. */
// @ts-ignore: decorator of AssemblyScript
@inline
function logarithm<T>(e: T, s: T): T {
  const z = times<T>(s, s);
  let series = constant<T>(2.0 / 19.0);
  series = next<T>(series, z, 2.0 / 17.0);
  series = next<T>(series, z, 2.0 / 15.0);
  series = next<T>(series, z, 2.0 / 13.0);
  series = next<T>(series, z, 2.0 / 11.0);
  series = next<T>(series, z, 2.0 / 9.0);
  series = next<T>(series, z, 2.0 / 7.0);
  series = next<T>(series, z, 2.0 / 5.0);
  series = next<T>(series, z, 2.0 / 3.0);
  series = next<T>(series, z, 2);
  return plus<T>(times<T>(series, s), times<T>(e, constant<T>(0.6931471805599453)));
}

/**
 * `cos(2 pi turns)` for turns between -1/4 and 1, right to about 2^-52: the sign that the nearest whole number of half
 * turns, 0, 1 or 2, gives the cosine of the rest, whose Taylor series' next term is below 2^-55.
 */
// @ts-ignore: decorator of AssemblyScript
@inline
function cosine<T>(turns: T): T {
  const halfTurns = plus<T>(turns, turns);
  const whole = rounded<T>(halfTurns);
  const rest = times<T>(minus<T>(halfTurns, whole), constant<T>(Math.PI));
  const z = times<T>(rest, rest);
  let series = constant<T>(1.0 / 2432902008176640000.0);
  series = next<T>(series, z, -1.0 / 6402373705728000.0);
  series = next<T>(series, z, 1.0 / 20922789888000.0);
  series = next<T>(series, z, -1.0 / 87178291200.0);
  series = next<T>(series, z, 1.0 / 479001600.0);
  series = next<T>(series, z, -1.0 / 3628800.0);
  series = next<T>(series, z, 1.0 / 40320.0);
  series = next<T>(series, z, -1.0 / 720.0);
  series = next<T>(series, z, 1.0 / 24.0);
  series = next<T>(series, z, -0.5);
  series = next<T>(series, z, 1);
  const fromOne = minus<T>(whole, constant<T>(1));
  const sign = minus<T>(times<T>(plus<T>(fromOne, fromOne), fromOne), constant<T>(1));
  return times<T>(series, sign);
}

/** One step of Horner's rule. */
// @ts-ignore: decorator of AssemblyScript
@inline
function next<T>(series: T, x: T, coefficient: f64): T {
  return plus<T>(times<T>(series, x), constant<T>(coefficient));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function constant<T>(value: f64): T {
  return isVector<T>() ? f64x2.splat(value) : <T>value;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function plus<T>(a: T, b: T): T {
  return isVector<T>() ? f64x2.add(a, b) : a + b;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function minus<T>(a: T, b: T): T {
  return isVector<T>() ? f64x2.sub(a, b) : a - b;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function times<T>(a: T, b: T): T {
  return isVector<T>() ? f64x2.mul(a, b) : a * b;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function rounded<T>(x: T): T {
  return isVector<T>() ? f64x2.nearest(x) : nearest<T>(x);
}
