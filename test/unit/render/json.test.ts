import { describe, expect, it } from 'vitest';
import { renderJson } from '../../../src/report/render/json';
import type { Report } from '../../../src/report/report';
import { healthyReport, layer, report } from './reports';

/** The same data with the properties of every object in the opposite order. */
function reversed<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as unknown[]).map(reversed) as T;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, property]) => [key, reversed(property as unknown)]),
  ) as T;
}

describe('renderJson', () => {
  it.each([
    ['sick', report()],
    ['healthy', healthyReport()],
    ['empty', report({ layers: [], findings: [] })],
  ])('holds the whole %s report', (_name, value) => {
    expect(JSON.parse(renderJson(value))).toEqual(value);
  });

  it('does not depend on the order in which a report was put together', () => {
    const { initializer, ...weight } = report().layers[0].weights[0];
    const orderless: Report = report({
      layers: [layer('a', { weights: [{ ...weight, initializer: { ...initializer!, config: { seed: 1 } } }] })],
      findings: [{ ...report().findings[0], evidence: { dead: 1 } }],
    });
    expect(renderJson(reversed(orderless))).toBe(renderJson(orderless));
  });

  it('indents by two spaces, keeps lists of numbers on one line and ends in a line feed', () => {
    const text = renderJson(report());
    expect(text.startsWith('{\n  "schemaVersion": 1,\n  "tool": {\n    "name"')).toBe(true);
    expect(text).toContain('"counts": [16000, 384]');
    expect(text).toContain('"shape": [null, 8]');
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('writes numbers that read back as the same float64', () => {
    const variance = 0.1 + 0.2;
    const text = renderJson(report({ layers: [layer('a', { signal: { ...layer('a').signal!, variance } })] }));
    expect(text).toContain('"variance": 0.30000000000000004');
  });

  it.each([NaN, Infinity, -Infinity])('refuses %d instead of writing null', (value) => {
    const broken = report({ layers: [layer('a', { signal: { ...layer('a').signal!, variance: value } })] });
    expect(() => renderJson(broken)).toThrow(expect.objectContaining({ place: 'layers.0.signal.variance' }));
  });
});
