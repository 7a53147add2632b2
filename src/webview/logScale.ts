/** A logarithmic axis over whole decades. */
export interface LogScale {
  /** Exponents of ten at the lower and upper end. */
  readonly low: number;
  readonly high: number;
  /** Exponents at which a line is drawn, at most four. */
  readonly ticks: readonly number[];
  /** Position of a value, 0 at the top and 1 at the bottom; 0 and below stand at the bottom. */
  readonly position: (value: number) => number;
}

const STEPS = [1, 2, 3, 5, 10, 20, 50, 100, 200];
const MAXIMUM_TICKS = 4;

/** The axis that shows every positive value; null when there is none. */
export function logScale(values: readonly number[]): LogScale | null {
  const logs = values.filter((value) => value > 0 && Number.isFinite(value)).map(Math.log10);
  if (logs.length === 0) return null;
  const low = Math.floor(Math.min(...logs) - 0.2);
  const high = Math.ceil(Math.max(...logs) + 0.1);
  const ticksEvery = (step: number): number[] => {
    const ticks = [];
    for (let exponent = Math.ceil(low / step) * step; exponent <= high; exponent += step) ticks.push(exponent);
    return ticks;
  };
  const step = STEPS.find((candidate) => ticksEvery(candidate).length <= MAXIMUM_TICKS) ?? high - low;
  return {
    low,
    high,
    ticks: ticksEvery(step),
    position: (value) => (value > 0 ? Math.min(1, Math.max(0, (high - Math.log10(value)) / (high - low))) : 1),
  };
}

/** `0.01` to `100` in full, `1e-3` beyond. */
export const formatPower = (exponent: number): string =>
  exponent >= -2 && exponent <= 2 ? String(Number((10 ** exponent).toPrecision(1))) : `1e${exponent}`;
