import { describe, expect, it } from 'vitest';
import { parseScale, scaling } from '../../../src/analysis/probe/scale';

describe('parseScale', () => {
  it.each([
    ['1/255', 1 / 255],
    [' 2 / 4 ', 0.5],
    ['0.0039', 0.0039],
    ['-1e-2', -0.01],
    ['.5', 0.5],
    ['0..1', '0..1'],
    ['-1..1', '-1..1'],
    ['0..255', '0..255'],
    ['imagenet', 'imagenet'],
  ])('reads %s', (text, scale) => expect(parseScale(text)).toBe(scale));

  it.each(['', '1/0', '0', 'x', '1/2/3', '0..2', 'Infinity', '1e999', '0x10', '1/'])('refuses "%s"', (text) => {
    expect(() => parseScale(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('scaling', () => {
  it.each([
    ['0..1', 0, 1],
    ['-1..1', -1, 1],
    ['0..255', 0, 255],
    [1 / 255, 0, 1],
  ] as const)('takes 0 and 255 for %s to %d and %d', (scale, low, high) => {
    expect(scaling(scale)(0, 0)).toBe(low);
    expect(scaling(scale)(255, 0)).toBe(high);
  });
});
