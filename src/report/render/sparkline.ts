const LEVELS = '▁▂▃▄▅▆▇█';

/**
 * Values of several magnitudes as bars of one character each, by logarithm: the tallest is the largest value, and at
 * least four decades span the height, so that equal values look equal. Zero is the lowest bar, what was not measured a
 * gap. Longer series are cut to `width` bars, each the geometric mean of its part.
 */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const logs = values.map((value) => (value === null ? null : Math.log10(value)));
  const bars = logs.length <= width ? logs : Array.from({ length: width }, (_, i) => meanOfPart(logs, i, width));
  const known = bars.filter((log) => log !== null && Number.isFinite(log)) as number[];
  const top = Math.max(...known);
  const bottom = Math.min(top - 4, ...known);
  return bars
    .map((log) => {
      if (log === null) return ' ';
      if (!Number.isFinite(log)) return LEVELS[0];
      return LEVELS[Math.round(((log - bottom) / (top - bottom)) * (LEVELS.length - 1))];
    })
    .join('');
}

function meanOfPart(logs: readonly (number | null)[], part: number, parts: number): number | null {
  const from = Math.floor((part * logs.length) / parts);
  const to = Math.floor(((part + 1) * logs.length) / parts);
  const known = logs.slice(from, to).filter((log) => log !== null);
  return known.length === 0 ? null : known.reduce((sum, log) => sum + log, 0) / known.length;
}
