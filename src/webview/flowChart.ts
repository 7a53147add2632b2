import { flowSummary, flowValues, standsApart, usualRange, type FlowDirection } from '../report/flow';
import { formatNumber, NOT_MEASURED } from '../report/format';
import { nonFiniteCount } from '../report/health';
import { h, on, replace, s, textWidth } from './dom';
import { overlap, placeLabel, textBox, type Box, type Point } from './labelPlacement';
import { formatPower, logScale, type LogScale } from './logScale';
import type { ReportStore } from './reportStore';
import { GUTTER, type Section } from './section';
import { TERMS, TEXT } from './strings';

/** Up to this many layers have a marker each; more are a line only. */
const MARKERS = 24;
/** Distance in pixels of the points that keep labels off the line. */
const TRACK = 3;

interface Plot {
  readonly width: number;
  readonly height: number;
  readonly cell: number;
  readonly scale: LogScale;
  /** Null where nothing was measured. */
  readonly points: readonly (Point | null)[];
  readonly track: readonly Point[];
}

/** One signal by layer on a log scale, sharing its x scale with the strip; click selects. */
export function flowChart(store: ReportStore, direction: FlowDirection, withAxis: boolean): Section {
  const values = flowValues(store.layers, direction);
  const usual = usualRange(store.layers, direction);
  const quantity = TERMS[direction === 'forward' ? 'variance' : 'gradientNorm'][0];
  const element = h('div', { class: 'chart' });
  const overlay = s('g');
  /** -1 below, 1 above the usual range, 0 inside or where no finding speaks of the layer. */
  const side = (index: number): -1 | 0 | 1 => {
    const value = values[index] ?? null;
    const { health } = store.healths[index];
    if (value === null || usual === null || (health !== 'error' && health !== 'warning')) return 0;
    return value < usual[0] ? -1 : value > usual[1] ? 1 : 0;
  };
  const apart = (index: number): boolean => direction === 'forward' && standsApart(store.layers[index]);
  let plot: Plot | null = null;

  const mark = (index: number): SVGElement | null => {
    const point = plot?.points[index] ?? null;
    const value = values[index] ?? null;
    if (point === null || value === null) return null;
    const { x, y } = point;
    const out = apart(index) ? 0 : side(index);
    if (out !== 0) return s('path', { d: `M${x - 4.5} ${y + out * 3.5}h9L${x} ${y - out * 4.5}z`, class: 'f-bad' });
    return s('circle', {
      cx: x,
      cy: y,
      r: 3,
      ...(apart(index) ? { class: 'l-ink', 'stroke-width': 1.5 } : { class: 'f-ink' }),
    });
  };

  const layout = (): void => {
    const width = element.clientWidth;
    const count = values.length;
    if (width <= GUTTER || count === 0) return;
    const known = values.filter((value) => value !== null);
    const scale = logScale(usual === null ? known : [...known, ...usual]);
    if (scale === null) {
      const reason = direction === 'backward' ? store.report.probe.backward.unknown : null;
      replace(element, h('p', { class: 'small muted' }, reason ?? TEXT.notMeasured));
      return;
    }
    const height = width > 340 ? 132 : 84;
    const cell = (width - GUTTER) / count;
    const points = values.map((value, index) =>
      value === null
        ? null
        : { x: GUTTER + (index + 0.5) * cell - (cell >= 16 ? 1 : 0), y: scale.position(value) * height },
    );
    plot = { width, height, cell, scale, points, track: [] };
    const joined = (index: number): boolean => index > 0 && !apart(index) && !apart(index - 1);
    const segments = points.flatMap((to, index) => {
      const from = points[index - 1];
      return to !== null && from !== null && from !== undefined && joined(index) ? [{ index, from, to }] : [];
    });
    plot = { ...plot, track: segments.flatMap(({ from, to }) => along(from, to)) };

    const svg = s('svg', {
      width,
      height: height + (withAxis ? 18 : 4),
      role: 'img',
      'aria-label': describe(),
    });
    if (usual !== null) {
      const top = scale.position(usual[1]) * height;
      const band = { x: GUTTER, y: top, width: width - GUTTER, height: scale.position(usual[0]) * height - top };
      svg.append(s('rect', { ...band, class: 'band' }));
    }
    for (const exponent of scale.ticks) {
      const y = ((scale.high - exponent) / (scale.high - scale.low)) * height;
      const text = { x: GUTTER - 6, y: Math.min(height, Math.max(8, y + 4)), 'text-anchor': 'end' };
      svg.append(s('path', { d: `M${GUTTER} ${y}H${width}`, class: 'l-line' }), s('text', text, formatPower(exponent)));
    }
    const path = (list: typeof segments): string =>
      list
        .map(({ index, from, to }, at) => {
          const start = list[at - 1]?.index === index - 1 ? '' : `M${from.x.toFixed(1)} ${from.y.toFixed(1)}`;
          return `${start}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
        })
        .join('');
    svg.append(s('path', { d: path(segments), class: 'l-ink', 'stroke-width': 1.5, 'stroke-linejoin': 'round' }));
    if (count > MARKERS) {
      const outside = segments.filter(({ index }) => side(index) !== 0 && side(index - 1) !== 0);
      svg.append(s('path', { d: path(outside), class: 'l-bad', 'stroke-width': 2.5, 'stroke-linecap': 'round' }));
    }
    values.forEach((_, index) => {
      const marker = count <= MARKERS || apart(index) ? mark(index) : null;
      if (marker !== null) svg.append(marker);
      if (nonFiniteCount(store.layers[index]) > 0 && direction === 'forward') {
        const x = GUTTER + (index + 0.5) * cell;
        svg.append(s('path', { d: `M${x - 3} 1l6 6m0-6l-6 6`, class: 'l-bad', 'stroke-width': 1.5 }));
      }
    });
    svg.append(overlay);
    on(svg, {
      onclick: ({ clientX }) => {
        const column = Math.floor((clientX - svg.getBoundingClientRect().left - GUTTER) / cell);
        store.select(Math.min(count - 1, Math.max(0, column)));
      },
    });
    element.replaceChildren(svg);
    select(store.selected);
  };

  const describe = (): string => {
    const limits = usual === null ? '' : `; ${TEXT.usualFrom(formatNumber(usual[0]), formatNumber(usual[1]))}`;
    return TEXT.chart(quantity, flowSummary(store.layers, direction)) + limits;
  };

  /** Cursor, direct labels and axis numbers: all that depends on the selection. */
  const select = (selected: number): void => {
    if (plot === null) return;
    const { width, height, cell, points, track, scale } = plot;
    const bounds: Box = { left: GUTTER, top: 0, right: width, bottom: height + 3 };
    const taken: Box[] = [];
    const parts: SVGElement[] = [];
    const cursorX = GUTTER + (selected + 0.5) * cell - (cell >= 16 ? 1 : 0);
    let cut: readonly [number, number] = [height, height];
    const label = (index: number): void => {
      const point = points[index] ?? null;
      const value = values[index] ?? null;
      if (point === null || value === null) return;
      const strong = index === selected;
      const text = formatNumber(value);
      const markers = points.filter((other, at) => other !== null && at !== index && values.length <= MARKERS);
      const cursor = strong ? [] : verticalTrack(cursorX, height);
      const placed = placeLabel(point, textWidth(text, element, strong), bounds, {
        taken,
        track: [...track, ...cursor],
        markers: markers.filter((other) => other !== null),
      });
      if (placed === null) return;
      taken.push(placed.box);
      parts.push(
        s('text', { x: placed.x, y: placed.y, 'text-anchor': 'middle', class: strong ? 'strong' : null }, text),
      );
      if (strong && cursorX > placed.box.left && cursorX < placed.box.right) cut = [placed.box.top, placed.box.bottom];
    };
    const last = values.length - 1;
    for (const index of new Set([selected, worst() ?? selected, last, 0])) label(index);
    parts.unshift(
      s('path', {
        d: `M${cursorX} 0V${cut[0]}M${cursorX} ${cut[1]}V${height}`,
        class: 'l-fg',
        'stroke-dasharray': '1 2',
      }),
    );
    if (values.length > MARKERS && !apart(selected)) {
      const marker = mark(selected);
      if (marker !== null) parts.push(marker);
    }
    if (usual !== null) parts.push(...bandLabel(scale, usual, plot, taken, cursorX));
    if (withAxis) parts.push(...axis(selected, plot));
    overlay.replaceChildren(...parts);
  };

  const worst = (): number | null => {
    if (usual === null) return null;
    const centre = (Math.log(usual[0]) + Math.log(usual[1])) / 2;
    let best: { index: number; distance: number } | null = null;
    values.forEach((value, index) => {
      if (value === null || apart(index) || side(index) === 0) return;
      const distance = value > 0 ? Math.abs(Math.log(value) - centre) : Infinity;
      if (best === null || distance > best.distance) best = { index, distance };
    });
    return (best as { index: number } | null)?.index ?? null;
  };

  const bandLabel = (
    scale: LogScale,
    range: readonly [number, number],
    { width, height, track, points }: Plot,
    taken: readonly Box[],
    cursorX: number,
  ): SVGElement[] => {
    const top = scale.position(range[1]) * height;
    const bottom = scale.position(range[0]) * height;
    const size = textWidth(TEXT.usual, element);
    for (const y of [top + 12, bottom - 4]) {
      for (const x of [width - 4 - size / 2, GUTTER + 5 + size / 2]) {
        const box = textBox(x, y, size);
        const crossed = [...track, ...points.filter((point) => point !== null)].some(
          (point) =>
            point.x > box.left - 4 && point.x < box.right + 4 && point.y > box.top - 3 && point.y < box.bottom + 3,
        );
        const onCursor = cursorX > box.left - 2 && cursorX < box.right + 2;
        if (bottom - top > 12 && !crossed && !onCursor && !taken.some((other) => overlap(box, other))) {
          return [s('text', { x, y, 'text-anchor': 'middle' }, TEXT.usual)];
        }
      }
    }
    return [];
  };

  const axis = (selected: number, { width, height, cell }: Plot): SVGElement[] => {
    const count = values.length;
    const every = count <= 12 ? 1 : count <= 60 ? 10 : count <= 400 ? 50 : 200;
    const wanted = [selected, 0, count - 1];
    for (let index = every - 1; index < count; index += every) wanted.push(index);
    const name = textWidth(TEXT.layer, element);
    const taken: Box[] = [];
    const y = height + 14;
    const marks: SVGElement[] = [];
    for (const index of new Set(wanted)) {
      const text = String(index + 1);
      const size = textWidth(text, element, index === selected);
      const x = Math.min(width - size / 2, GUTTER + (index + 0.5) * cell - (cell >= 16 ? 1 : 0));
      const box = textBox(x, y, size + 4);
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      marks.push(s('text', { x, y, 'text-anchor': 'middle', class: index === selected ? 'strong' : null }, text));
    }
    if (!taken.some(({ left }) => left < name + 2)) marks.push(s('text', { x: 0, y }, TEXT.layer));
    return marks;
  };

  return { element, layout, select };
}

function along(from: Point, to: Point): Point[] {
  const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / TRACK));
  return Array.from({ length: steps + 1 }, (_, step) => ({
    x: from.x + ((to.x - from.x) * step) / steps,
    y: from.y + ((to.y - from.y) * step) / steps,
  }));
}

const verticalTrack = (x: number, height: number): Point[] => along({ x, y: 0 }, { x, y: height });

/** Both charts under one heading; their titles state the result. */
export function flowSection(store: ReportStore, define: (label: string, text: string) => HTMLElement): Section {
  const forward = flowChart(store, 'forward', false);
  const backward = flowChart(store, 'backward', true);
  const title = (name: string, direction: FlowDirection, key: 'variance' | 'gradientNorm'): HTMLElement =>
    h(
      'h3',
      {},
      h('b', {}, name),
      h('span', {}, flowSummary(store.layers, direction) || NOT_MEASURED),
      define(TERMS[key][0], TERMS[key][1]),
    );
  return {
    element: h(
      'section',
      { class: 'flow' },
      h('h2', {}, TEXT.flow, h('span', { class: 'muted' }, TEXT.logScale)),
      title(TEXT.forward, 'forward', 'variance'),
      forward.element,
      title(TEXT.backward, 'backward', 'gradientNorm'),
      backward.element,
    ),
    layout: () => {
      forward.layout?.();
      backward.layout?.();
    },
    select: (index) => {
      forward.select?.(index);
      backward.select?.(index);
    },
  };
}
