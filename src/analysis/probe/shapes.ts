/** `28×28×1`; `?` for a free dimension; `one number` for a scalar. */
export function formatShape(shape: readonly (number | null)[]): string {
  return shape.length === 0 ? 'one number' : shape.map((dimension) => dimension ?? '?').join('×');
}

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
