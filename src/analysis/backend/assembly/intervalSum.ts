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
    for (let i: i32 = 0; i < size; i++) {
      let sum = <f64>load<f32>(bias + (<usize>i << 2));
      let magnitude = abs(sum);
      for (let image = images; image < images + (<usize>count << 3); image += 8) {
        const value = <usize>load<u32>(image) + (<usize>(i + (end ^ load<i32>(image, 4)) * size) << 2);
        sum += <f64>load<f32>(value);
        magnitude += abs(<f64>load<f32>(value + (<usize>magnitudes << 2)));
      }
      const bound = sum + sign * (magnitude > 0 ? error * magnitude + smallest : 0);
      store<f32>(out + (<usize>(i + end * size) << 2), <f32>(bound + sign * OUTWARDS * abs(bound)));
    }
  }
}
