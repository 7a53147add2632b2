/** A part of the page. The page tells it when its width or the selection has changed. */
export interface Section {
  readonly element: HTMLElement;
  /** Draws what depends on the width. Called once after the element stands in the page, and on every change of width. */
  layout?(): void;
  /** Shows another layer as selected; must not redraw what stays the same. */
  select?(index: number): void;
}

/** Left margin in pixels of the strip and the charts, so that they share one x scale. */
export const GUTTER = 38;
