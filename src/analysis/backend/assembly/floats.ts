/** What the routines say of float32 numbers, and of vectors. */

// @ts-ignore: decorators of AssemblyScript
@global @inline
function finite(value: f32): bool {
  return value - value == 0;
}

/** The upper two of four numbers in float64. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function upper(value: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(value, value, 2, 3, 0, 1));
}

/** Float32 squares lose digits below 2^-126; where they add up to less than this, too many of them may have. */
const SMALLEST_SQUARES: f32 = 7.8886091e-31;

/** Whether sums of squares are within the range of float32; those of what is not finite are not. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function isAccurate(squares: v128): v128 {
  return v128.and(f32x4.ge(squares, f32x4.splat(SMALLEST_SQUARES)), f32x4.lt(squares, f32x4.splat(Infinity)));
}

/** The sum of four int32. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function sumLanes(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}
