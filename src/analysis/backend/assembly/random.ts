/** Random draws by mulberry32, as in ../../probe/random.ts. Its state is a counter, so that draws are made four at a time. */

/** What the state grows by from one draw to the next. */
// @ts-ignore: decorator of AssemblyScript
@global
const MULBERRY_STEP: i32 = 0x6d2b79f5;

/** The bits of the draw that follows `state`. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function mulberry(state: i32): i32 {
  const s = state + MULBERRY_STEP;
  let t = (s ^ (s >>> 15)) * (1 | s);
  t = (t + (t ^ (t >>> 7)) * (61 | t)) ^ t;
  return t ^ (t >>> 14);
}

/** The bits of the four draws that follow `state`. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function mulberryFour(state: i32): v128 {
  const steps = i32x4(MULBERRY_STEP, 2 * MULBERRY_STEP, 3 * MULBERRY_STEP, 4 * MULBERRY_STEP);
  const s = i32x4.add(i32x4.splat(state), steps);
  let t = i32x4.mul(v128.xor(s, i32x4.shr_u(s, 15)), v128.or(i32x4.splat(1), s));
  const u = i32x4.mul(v128.xor(t, i32x4.shr_u(t, 7)), v128.or(i32x4.splat(61), t));
  t = v128.xor(i32x4.add(t, u), t);
  return v128.xor(t, i32x4.shr_u(t, 14));
}

/** `out[i] = center + reach u` with u uniform on (-1, 1), in steps of 2^-23. */
export function drawUniform(out: usize, count: i32, state: i32, center: f32, reach: f32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= count; i += 4, state += 4 * MULBERRY_STEP) {
      const scaled = f32x4.mul(f32x4.splat(reach), uniformFour(state));
      v128.store(out + (<usize>i << 2), f32x4.add(f32x4.splat(center), scaled));
    }
  }
  for (; i < count; i++, state += MULBERRY_STEP) store<f32>(out + (<usize>i << 2), center + reach * uniform(state));
}

/**
 * `out[i] = mean + deviation x` with x standard normal, of which only the middle `share` of all draws is kept: 1 for all of
 * them. By the inverse of the distribution function, x = sqrt(2) erfinv(share u) with u uniform on (-1, 1).
 */
export function drawNormal(out: usize, count: i32, state: i32, mean: f32, deviation: f32, share: f32): void {
  const scale = <f32>Math.SQRT2 * deviation;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= count; i += 4, state += 4 * MULBERRY_STEP) {
      const x = erfinv<v128>(f32x4.mul(f32x4.splat(share), uniformFour(state)));
      v128.store(out + (<usize>i << 2), f32x4.add(f32x4.splat(mean), f32x4.mul(f32x4.splat(scale), x)));
    }
  }
  for (; i < count; i++, state += MULBERRY_STEP) {
    store<f32>(out + (<usize>i << 2), mean + scale * erfinv<f32>(share * uniform(state)));
  }
}

/** The draw that follows `state`. The half keeps it off -1, 0 and 1. */
function uniform(state: i32): f32 {
  const bits = mulberry(state) ^ i32.MIN_VALUE;
  return (<f32>(bits >> 8) + 0.5) * <f32>(1.0 / 8388608.0);
}

/** The four draws that follow `state`. */
// @ts-ignore: decorator of AssemblyScript
@inline
function uniformFour(state: i32): v128 {
  const bits = v128.xor(mulberryFour(state), i32x4.splat(i32.MIN_VALUE));
  const whole = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 8));
  return f32x4.mul(f32x4.add(whole, f32x4.splat(0.5)), f32x4.splat(1.0 / 8388608.0));
}

/**
 * The inverse of the error function on (-1, 1), of one value or of four: Giles 2012, "Approximating the erfinv function", for
 * single precision. Relative error below 1e-6.
 */
// @ts-ignore: decorator of AssemblyScript
@inline
function erfinv<T>(x: T): T {
  const one = constant<T>(1);
  const logarithm = ln<T>(times<T>(plus<T>(one, times<T>(x, constant<T>(-1))), plus<T>(one, x)));
  const w = times<T>(logarithm, constant<T>(-1));
  if (isVector<T>()) {
    const far = f32x4.ge(w, f32x4.splat(5));
    let series = central<T>(w);
    if (v128.any_true(far)) series = v128.bitselect(distant<T>(f32x4.sqrt(w)), series, far);
    return times<T>(x, series);
  }
  return times<T>(x, w < <T>5 ? central<T>(w) : distant<T>(sqrt<T>(w)));
}

/** erfinv(x) / x by w = -ln(1 - x²), for w below 5. */
function central<T>(w: T): T {
  const x = plus<T>(w, constant<T>(-2.5));
  let series = constant<T>(2.81022636e-8);
  series = next<T>(series, x, 3.43273939e-7);
  series = next<T>(series, x, -3.5233877e-6);
  series = next<T>(series, x, -4.39150654e-6);
  series = next<T>(series, x, 0.00021858087);
  series = next<T>(series, x, -0.00125372503);
  series = next<T>(series, x, -0.00417768164);
  series = next<T>(series, x, 0.246640727);
  return next<T>(series, x, 1.50140941);
}

/** The same for w from 5 on, by its root. */
function distant<T>(root: T): T {
  const x = plus<T>(root, constant<T>(-3));
  let series = constant<T>(-0.000200214257);
  series = next<T>(series, x, 0.000100950558);
  series = next<T>(series, x, 0.00134934322);
  series = next<T>(series, x, -0.00367342844);
  series = next<T>(series, x, 0.00573950773);
  series = next<T>(series, x, -0.0076224613);
  series = next<T>(series, x, 0.00943887047);
  series = next<T>(series, x, 1.00167406);
  return next<T>(series, x, 2.83297682);
}

/** The bits of the square root of a half. */
const ROOT_HALF: i32 = 0x3f3504f3;

/** Natural logarithm of normal numbers above 0: that of 2^e (1 + f), with 1 + f around 1 (Moshier, Cephes, `logf`). */
// @ts-ignore: decorator of AssemblyScript
@inline
function ln<T>(x: T): T {
  if (isVector<T>()) {
    const exponents = i32x4.shr_s(i32x4.sub(x, i32x4.splat(ROOT_HALF)), 23);
    const mantissas = i32x4.sub(x, i32x4.shl(exponents, 23));
    return logarithm<T>(f32x4.convert_i32x4_s(exponents), f32x4.sub(mantissas, f32x4.splat(1)));
  }
  const bits = reinterpret<i32>(x);
  const exponent = (bits - ROOT_HALF) >> 23;
  return logarithm<T>(<T>exponent, reinterpret<T>(bits - (exponent << 23)) - <T>1);
}

function logarithm<T>(e: T, f: T): T {
  let series = constant<T>(0.070376836292);
  series = next<T>(series, f, -0.1151461031);
  series = next<T>(series, f, 0.11676998740);
  series = next<T>(series, f, -0.12420140846);
  series = next<T>(series, f, 0.14249322787);
  series = next<T>(series, f, -0.16668057665);
  series = next<T>(series, f, 0.20000714765);
  series = next<T>(series, f, -0.24999993993);
  series = next<T>(series, f, 0.33333331174);
  series = next<T>(series, f, -0.5);
  series = next<T>(series, f, 1);
  return plus<T>(times<T>(series, f), times<T>(e, constant<T>(0.6931471805599453)));
}

/** One step of Horner's rule. */
// @ts-ignore: decorator of AssemblyScript
@inline
function next<T>(series: T, x: T, coefficient: f32): T {
  if (isVector<T>()) return madd(series, x, f32x4.splat(coefficient));
  return plus<T>(times<T>(series, x), constant<T>(coefficient));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function constant<T>(value: f32): T {
  return isVector<T>() ? f32x4.splat(value) : <T>value;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function plus<T>(a: T, b: T): T {
  return isVector<T>() ? f32x4.add(a, b) : a + b;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function times<T>(a: T, b: T): T {
  return isVector<T>() ? f32x4.mul(a, b) : a * b;
}
