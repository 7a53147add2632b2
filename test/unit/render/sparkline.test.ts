import { describe, expect, it } from 'vitest';
import { sparkline } from '../../../src/report/render/sparkline';

describe('sparkline', () => {
  it('spans the decades from the smallest to the largest value', () => {
    expect(sparkline([1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7], 20)).toBe('█▇▆▅▄▃▂▁');
  });

  it('shows nearly equal values as nearly equal', () => {
    expect(sparkline([1, 0.9, 1.1], 20)).toBe('███');
    expect(sparkline([1, 1e-2], 20)).toBe('█▅');
  });

  it('shows zero as the lowest bar and what was not measured as a gap', () => {
    expect(sparkline([1, 0, null, 1], 20)).toBe('█▁ █');
    expect(sparkline([0, null], 20)).toBe('▁ ');
    expect(sparkline([], 20)).toBe('');
  });

  it('takes means over parts of a long series', () => {
    expect(sparkline([1, 1, 1e-7, 1e-7, null, null], 3)).toBe('█▁ ');
    expect(sparkline(new Array<number>(1000).fill(2), 12)).toBe('█'.repeat(12));
  });
});
