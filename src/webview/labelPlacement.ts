/** Where the direct labels of a chart go: beside their point, never on a line, a marker or another label. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Label {
  /** The text's baseline, horizontally centred on x. */
  readonly x: number;
  readonly y: number;
  readonly box: Box;
}

const ASCENT = 10;
const DESCENT = 3;
const PADDING = 3;

export const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const contains = (box: Box, { x, y }: Point, margin: number): boolean =>
  x > box.left - margin && x < box.right + margin && y > box.top - margin && y < box.bottom + margin;

/** Box of a text with its baseline at y. */
export const textBox = (centre: number, baseline: number, width: number): Box => ({
  left: centre - width / 2 - PADDING,
  top: baseline - ASCENT,
  right: centre + width / 2 + PADDING,
  bottom: baseline + DESCENT,
});

/**
 * The first free place for a label of `width` pixels at `anchor`: above, below, then to the sides and further off.
 * `track` are points along the lines, `markers` the centres of other marks. Null when every place is taken.
 */
export function placeLabel(
  anchor: Point,
  width: number,
  bounds: Box,
  obstacles: { readonly taken: readonly Box[]; readonly track: readonly Point[]; readonly markers: readonly Point[] },
): Label | null {
  const half = width / 2;
  const inside = (x: number): number => Math.min(bounds.right - half, Math.max(bounds.left + half, x));
  for (const y of [anchor.y - 9, anchor.y + 17, anchor.y - 18, anchor.y + 26, anchor.y - 27]) {
    for (const x of [inside(anchor.x), inside(anchor.x + half + 5), inside(anchor.x - half - 5)]) {
      const box = textBox(x, y, width);
      if (box.top < bounds.top - 1 || box.bottom > bounds.bottom) continue;
      if (obstacles.taken.some((other) => overlap(box, other))) continue;
      if (obstacles.markers.some((point) => contains(box, point, 4))) continue;
      if (obstacles.track.some((point) => contains(box, point, 1))) continue;
      return { x, y, box };
    }
  }
  return null;
}
