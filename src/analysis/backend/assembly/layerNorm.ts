/** `out = (x - mean) / sqrt(variance + epsilon) * scale + offset`, with the moments of each row of `x: [rows, width]`. */
export function layerNorm(
  x: usize, scale: usize, offset: usize, out: usize,
  rows: i32, width: i32, epsilon: f32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const mean = meanOf(x, width);
    const inverse = inverseDeviation(x, width, mean, epsilon);
    let i: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      const means = f32x4.splat(mean);
      const inverses = f32x4.splat(inverse);
      for (; i + 4 <= width; i += 4) {
        const normal = f32x4.mul(f32x4.sub(v128.load(at(x, i)), means), inverses);
        v128.store(at(out, i), madd(normal, v128.load(at(scale, i)), v128.load(at(offset, i))));
      }
    }
    for (; i < width; i++) {
      const normal = (load<f32>(at(x, i)) - mean) * inverse;
      store<f32>(at(out, i), normal * load<f32>(at(scale, i)) + load<f32>(at(offset, i)));
    }
    x = at(x, width);
    out = at(out, width);
  }
}

/**
 * The gradient by x: `(g - mean of g - n * mean of g n) / sqrt(variance + epsilon)` with `g = dy * scale` and the
 * normalised row n (Ba et al. 2016, arXiv:1607.06450, differentiated).
 */
export function layerNormGradient(
  x: usize, dy: usize, scale: usize, out: usize,
  rows: i32, width: i32, epsilon: f32,
): void {
  const share: f32 = 1 / <f32>width;
  for (let row: i32 = 0; row < rows; row++) {
    const mean = meanOf(x, width);
    const inverse = inverseDeviation(x, width, mean, epsilon);
    let sum: f32 = 0;
    let product: f32 = 0;
    let i: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      const means = f32x4.splat(mean);
      let sums = f32x4.splat(0);
      let products = f32x4.splat(0);
      for (; i + 4 <= width; i += 4) {
        const g = f32x4.mul(v128.load(at(dy, i)), v128.load(at(scale, i)));
        sums = f32x4.add(sums, g);
        products = madd(g, f32x4.sub(v128.load(at(x, i)), means), products);
        v128.store(at(out, i), g);
      }
      sum = sumLanesOf(sums);
      product = sumLanesOf(products);
    }
    for (; i < width; i++) {
      const g = load<f32>(at(dy, i)) * load<f32>(at(scale, i));
      sum += g;
      product += g * (load<f32>(at(x, i)) - mean);
      store<f32>(at(out, i), g);
    }
    const meanGradient = sum * share;
    const slope = product * share * inverse * inverse;
    i = 0;
    if (ASC_FEATURE_SIMD) {
      const means = f32x4.splat(mean);
      const inverses = f32x4.splat(inverse);
      const gradients = f32x4.splat(-meanGradient);
      const slopes = f32x4.splat(-slope);
      for (; i + 4 <= width; i += 4) {
        const centered = f32x4.add(v128.load(at(out, i)), gradients);
        const difference = f32x4.sub(v128.load(at(x, i)), means);
        v128.store(at(out, i), f32x4.mul(madd(difference, slopes, centered), inverses));
      }
    }
    for (; i < width; i++) {
      const centered = load<f32>(at(out, i)) - meanGradient;
      store<f32>(at(out, i), (centered - (load<f32>(at(x, i)) - mean) * slope) * inverse);
    }
    x = at(x, width);
    dy = at(dy, width);
    out = at(out, width);
  }
}

/** The gradient by the scale, `out: [width]`: dy times the normalised rows, summed over these. */
export function layerNormScaleGradient(x: usize, dy: usize, out: usize, rows: i32, width: i32, epsilon: f32): void {
  memory.fill(out, 0, <usize>width << 2);
  for (let row: i32 = 0; row < rows; row++) {
    const mean = meanOf(x, width);
    const inverse = inverseDeviation(x, width, mean, epsilon);
    let i: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      const means = f32x4.splat(mean);
      const inverses = f32x4.splat(inverse);
      for (; i + 4 <= width; i += 4) {
        const normal = f32x4.mul(f32x4.sub(v128.load(at(x, i)), means), inverses);
        v128.store(at(out, i), madd(normal, v128.load(at(dy, i)), v128.load(at(out, i))));
      }
    }
    for (; i < width; i++) {
      const normal = (load<f32>(at(x, i)) - mean) * inverse;
      store<f32>(at(out, i), normal * load<f32>(at(dy, i)) + load<f32>(at(out, i)));
    }
    x = at(x, width);
    dy = at(dy, width);
  }
}

/** Taken twice, the second time of what the first has left, since a row far from 0 would lose digits. */
function meanOf(x: usize, width: i32): f32 {
  const mean = meanDifference(x, width, 0);
  return mean + meanDifference(x, width, mean);
}

function meanDifference(x: usize, width: i32, origin: f32): f32 {
  let sum: f32 = 0;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const origins = f32x4.splat(origin);
    let sums = f32x4.splat(0);
    for (; i + 4 <= width; i += 4) sums = f32x4.add(sums, f32x4.sub(v128.load(at(x, i)), origins));
    sum = sumLanesOf(sums);
  }
  for (; i < width; i++) sum += load<f32>(at(x, i)) - origin;
  return sum / <f32>width;
}

function inverseDeviation(x: usize, width: i32, mean: f32, epsilon: f32): f32 {
  let squares: f32 = 0;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const means = f32x4.splat(mean);
    let sums = f32x4.splat(0);
    for (; i + 4 <= width; i += 4) {
      const difference = f32x4.sub(v128.load(at(x, i)), means);
      sums = madd(difference, difference, sums);
    }
    squares = sumLanesOf(sums);
  }
  for (; i < width; i++) {
    const difference = load<f32>(at(x, i)) - mean;
    squares += difference * difference;
  }
  return 1 / sqrt<f32>(squares / <f32>width + epsilon);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function sumLanesOf(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}
