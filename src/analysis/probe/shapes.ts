/**
 * The shape that rows of the shape `actual` take in a place for `expected`, whose free dimensions are null: the same,
 * the same but for axes of length 1, or a flat row of as many elements. Null where they do not fit. The order of the
 * elements is never changed, so 3×32×32 does not fit 32×32×3.
 */
export function fitShape(expected: readonly (number | null)[], actual: readonly number[]): readonly number[] | null {
  const fits = (want: readonly (number | null)[], have: readonly number[]) =>
    want.length === have.length && want.every((dimension, i) => dimension === null || dimension === have[i]);
  if (fits(expected, actual)) return actual;

  const wide = actual.filter((dimension) => dimension !== 1);
  if (
    fits(
      expected.filter((dimension) => dimension !== 1),
      wide,
    )
  ) {
    let next = 0;
    return expected.map((dimension) => (dimension === 1 ? 1 : wide[next++]));
  }

  const known = expected.filter((dimension) => dimension !== null);
  const size = known.reduce((product, dimension) => product * dimension, 1);
  return actual.length === 1 && known.length === expected.length && actual[0] === size ? known : null;
}

export interface ImageLayout {
  readonly height: number;
  readonly width: number;
  /** 1, 3 or 4. */
  readonly channels: number;
  /** Elements between a pixel's channels, and between pixels. */
  readonly channelStride: number;
  readonly pixelStride: number;
}

/** How an image lies in a sample: channels last, channels first, or height and width alone; null where none does. */
export function imageLayout(shape: readonly number[]): ImageLayout | null {
  const channelled = (count: number) => count === 1 || count === 3 || count === 4;
  if (shape.length === 2) return { height: shape[0], width: shape[1], channels: 1, channelStride: 1, pixelStride: 1 };
  if (shape.length !== 3) return null;
  const [a, b, c] = shape;
  if (channelled(c)) return { height: a, width: b, channels: c, channelStride: 1, pixelStride: c };
  if (channelled(a)) return { height: b, width: c, channels: a, channelStride: b * c, pixelStride: 1 };
  return null;
}
