/** Twice the unit roundoff of float32. */
const OUTWARDS: f64 = 1.1920928955078125e-7;

/**
 * `out[end] = sum + bias -+ (error * magnitude + smallest)`, rounded outwards, with `sum` over `count` images and
 * `magnitude` over their absolute values, for the lower end and the upper end. `smallest` is left out where there is no
 * magnitude.
 *
 * `images` are pairs of int32: where an image is, and 1 if its lower end is that of the upper bound. An image holds
 * `[2, size]`, and what its magnitudes are taken of, `magnitudes` values later. `bias: [size]`, `out: [2, size]`.
 */
export function intervalSum(
  images: usize, count: i32, bias: usize, out: usize,
  size: i32, magnitudes: i32, error: f64, smallest: f64,
): void {
  for (let end: i32 = 0; end < 2; end++) {
    const sign: f64 = end == 0 ? -1 : 1;
    let i: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; i + 4 <= size; i += 4) {
        const constant = v128.load(at(bias, i));
        let low = f64x2.promote_low_f32x4(constant);
        let high = upper(constant);
        let magnitudeLow = f64x2.abs(low);
        let magnitudeHigh = f64x2.abs(high);
        for (let image = images; image < images + (<usize>count << 3); image += 8) {
          const value = <usize>load<u32>(image) + (<usize>(i + (end ^ load<i32>(image, 4)) * size) << 2);
          const values = v128.load(value);
          low = f64x2.add(low, f64x2.promote_low_f32x4(values));
          high = f64x2.add(high, upper(values));
          const absolute = f32x4.abs(v128.load(at(value, magnitudes)));
          magnitudeLow = f64x2.add(magnitudeLow, f64x2.promote_low_f32x4(absolute));
          magnitudeHigh = f64x2.add(magnitudeHigh, upper(absolute));
        }
        const bounds = v128.shuffle<i64>(
          widenedTwo(low, magnitudeLow, sign, error, smallest),
          widenedTwo(high, magnitudeHigh, sign, error, smallest),
          0, 2,
        );
        v128.store(at(out, i + end * size), bounds);
      }
    }
    for (; i < size; i++) {
      let sum = <f64>load<f32>(bias + (<usize>i << 2));
      let magnitude = abs(sum);
      for (let image = images; image < images + (<usize>count << 3); image += 8) {
        const value = <usize>load<u32>(image) + (<usize>(i + (end ^ load<i32>(image, 4)) * size) << 2);
        sum += <f64>load<f32>(value);
        magnitude += abs(<f64>load<f32>(at(value, magnitudes)));
      }
      const bound = sum + sign * (magnitude > 0 ? error * magnitude + smallest : 0);
      store<f32>(at(out, i + end * size), <f32>(bound + sign * OUTWARDS * abs(bound)));
    }
  }
}

/** Two bounds as float32, in the lower half. */
// @ts-ignore: decorator of AssemblyScript
@inline
function widenedTwo(sum: v128, magnitude: v128, sign: f64, error: f64, smallest: f64): v128 {
  const slack = f64x2.add(f64x2.mul(f64x2.splat(error), magnitude), f64x2.splat(smallest));
  const used = v128.and(slack, f64x2.gt(magnitude, f64x2.splat(0)));
  const bound = f64x2.add(sum, f64x2.mul(f64x2.splat(sign), used));
  return f32x4.demote_f64x2_zero(f64x2.add(bound, f64x2.mul(f64x2.splat(sign * OUTWARDS), f64x2.abs(bound))));
}

/** Puts the lower of both ends first, value by value: `ends, out: [2, size]`. Where one is NaN, both are. */
export function orderEnds(ends: usize, out: usize, size: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= size; i += 4) {
      const first = v128.load(at(ends, i));
      const second = v128.load(at(ends, size + i));
      v128.store(at(out, i), f32x4.min(first, second));
      v128.store(at(out, size + i), f32x4.max(first, second));
    }
  }
  for (; i < size; i++) {
    const first = load<f32>(at(ends, i));
    const second = load<f32>(at(ends, size + i));
    store<f32>(at(out, i), min<f32>(first, second));
    store<f32>(at(out, size + i), max<f32>(first, second));
  }
}
