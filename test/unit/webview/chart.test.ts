import { describe, expect, it } from 'vitest';
import { overlap, placeLabel, textBox, type Point } from '../../../src/webview/labelPlacement';
import { formatPower, logScale } from '../../../src/webview/logScale';

describe('logScale', () => {
  it('shows every value with at most four ticks, whatever the span', () => {
    for (let decades = 0; decades < 600; decades += 7) {
      const values = [10 ** -(decades / 2), 10 ** (decades / 2)];
      const scale = logScale(values)!;
      expect(scale.ticks.length).toBeGreaterThan(0);
      expect(scale.ticks.length).toBeLessThanOrEqual(4);
      for (const tick of scale.ticks) expect(tick >= scale.low && tick <= scale.high).toBe(true);
      const [low, high] = values.map(scale.position);
      expect(low < 1 && high > 0 && low >= high).toBe(true);
    }
  });

  it('is linear in the exponent', () => {
    const scale = logScale([1e-4, 1])!;
    expect(scale.position(1e-2) - scale.position(1e-1)).toBeCloseTo(scale.position(1e-3) - scale.position(1e-2), 12);
  });

  it('puts 0 at the bottom and is nothing for nothing', () => {
    expect(logScale([1, 0])!.position(0)).toBe(1);
    expect([logScale([]), logScale([0]), logScale([NaN, Infinity])]).toEqual([null, null, null]);
  });

  it('writes powers as a person would', () => {
    expect([-3, -2, 0, 2, 3].map(formatPower)).toEqual(['1e-3', '0.01', '1', '100', '1e3']);
  });
});

describe('placeLabel', () => {
  const bounds = { left: 38, top: 0, right: 300, bottom: 100 };
  const free = { taken: [], track: [], markers: [] };

  it('stands above its point, or below where there is no room', () => {
    expect(placeLabel({ x: 100, y: 50 }, 20, bounds, free)).toMatchObject({ x: 100, y: 41 });
    expect(placeLabel({ x: 100, y: 2 }, 20, bounds, free)).toMatchObject({ x: 100, y: 19 });
  });

  it('stays inside and off everything else, or is left out', () => {
    let state = 1;
    const next = (size: number): number => ((state = (state * 48271) % 2147483647) / 2147483647) * size;
    let placed = 0;
    for (let round = 0; round < 500; round++) {
      const anchor = { x: 38 + next(262), y: next(100) };
      const points = (count: number): Point[] => Array.from({ length: count }, () => ({ x: next(300), y: next(100) }));
      const taken = points(5).map(({ x, y }) => textBox(x, y, 25));
      const [track, markers] = [points(30), points(10)];
      const label = placeLabel(anchor, 30, bounds, { taken, track, markers });
      if (label === null) continue;
      placed++;
      const { box } = label;
      expect(label.x - 15 >= bounds.left && label.x + 15 <= bounds.right && box.bottom <= bounds.bottom).toBe(true);
      expect(taken.some((other) => overlap(box, other))).toBe(false);
      const covered = [...track, ...markers].some(
        ({ x, y }) => x > box.left && x < box.right && y > box.top && y < box.bottom,
      );
      expect(covered).toBe(false);
    }
    expect(placed).toBeGreaterThan(50);
    const everywhere = { left: 0, top: -100, right: 400, bottom: 300 };
    expect(placeLabel({ x: 100, y: 50 }, 20, bounds, { ...free, taken: [everywhere] })).toBeNull();
  });
});
