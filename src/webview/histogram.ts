import { formatNumber } from '../report/format';
import type { Statistics } from '../report/report';
import { h, s, textWidth } from './dom';
import { TERMS } from './strings';
import { term } from './tooltip';

const HEIGHT = 52;
const NARROWEST_BAR = 3;

/** Distribution of a layer's values with a line at 0; null when nothing finite was seen. */
export function histogram(
  key: 'pre' | 'post',
  statistics: Statistics,
  width: number,
  note: string,
  dimNegative: boolean,
  host: Element,
): HTMLElement | null {
  const { histogram: bins } = statistics;
  if (bins === null || bins.counts.length === 0 || width <= 0) return null;
  const counts = merge(bins.counts, Math.floor(width / NARROWEST_BAR));
  const most = Math.max(1, ...counts);
  const step = width / counts.length;
  const span = bins.maximum - bins.minimum;
  const zero = span > 0 ? ((0 - bins.minimum) / span) * width : 0;
  const crosses = bins.minimum < 0 && bins.maximum > 0;
  const svg = s('svg', {
    width,
    height: HEIGHT + 16,
    role: 'img',
    'aria-label': `${TERMS[key][0]}: ${formatNumber(bins.minimum)} to ${formatNumber(bins.maximum)}, ${note}`,
  });
  counts.forEach((count, index) => {
    if (count === 0) return;
    const height = Math.max(1, (count / most) * HEIGHT);
    const x = index * step;
    const negative = bins.maximum <= 0 || x + step / 2 < zero;
    const rect = { x, y: HEIGHT - height, width: Math.max(1, step - 1), height };
    svg.append(s('rect', { ...rect, class: negative && dimNegative ? 'f-soft' : 'f-ink' }));
  });
  svg.append(s('path', { d: `M0 ${HEIGHT + 0.5}H${width}`, class: 'l-soft' }));
  const low = formatNumber(bins.minimum);
  const high = formatNumber(bins.maximum);
  const label = (x: number, text: string, anchor: string): SVGElement =>
    s('text', { x, y: HEIGHT + 13, 'text-anchor': anchor }, text);
  svg.append(label(0, low, 'start'), label(width, high, 'end'));
  if (crosses) {
    svg.append(s('path', { d: `M${zero} 0V${HEIGHT}`, class: 'l-fg', 'stroke-dasharray': '2 2' }));
    const room = textWidth('0', host) / 2 + 4;
    const free = zero - room > textWidth(low, host) && zero + room < width - textWidth(high, host);
    if (free) svg.append(label(zero, '0', 'middle'));
  }
  return h('div', {}, h('h3', {}, term(key)), svg, h('p', { class: 'small' }, note));
}

/** Adds neighbouring bins up until there are at most `limit`; the last one may be narrower in counts, never in width. */
function merge(counts: readonly number[], limit: number): number[] {
  const per = Math.max(1, Math.ceil(counts.length / Math.max(1, limit)));
  const merged: number[] = [];
  counts.forEach((count, index) => {
    const slot = Math.floor(index / per);
    merged[slot] = (merged[slot] ?? 0) + count;
  });
  return merged;
}
