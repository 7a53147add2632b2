/** How the messages of this folder write things. */

/** `28×28×1`; `?` for a free dimension; `one number` for a scalar. */
export function formatShape(shape: readonly (number | null)[]): string {
  return shape.length === 0 ? 'one number' : shape.map((dimension) => dimension ?? '?').join('×');
}

/** `[0, 255]`, with three digits. */
export function formatRange(minimum: number, maximum: number): string {
  const short = (value: number) => String(Number(value.toPrecision(3)));
  return `[${short(minimum)}, ${short(maximum)}]`;
}

/** `1 image`, `12 images`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
