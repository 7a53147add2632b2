import { describe, expect, it } from 'vitest';
import {
  formatActivation,
  formatCount,
  formatDuration,
  formatFactor,
  formatList,
  formatBound,
  formatNumber,
  formatPlural,
  formatShape,
  formatShare,
  formatSize,
  shortName,
} from '../../../src/report/format';

describe('formatBound', () => {
  it('keeps the numbers that people know their data by', () => {
    expect([255, -0.42, 0, 12345.6, 1 / 3, null, Infinity].map(formatBound)).toEqual([
      '255',
      '\u22120.42',
      '0',
      '12350',
      '0.3333',
      '–',
      '–',
    ]);
  });
});

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [0.3127, '0.31'],
    [42, '42'],
    [127.9, '130'],
    [994, '990'],
    [995, '1e3'],
    [0.00996, '0.01'],
    [0.00994, '9.9e-3'],
    [4.4321e-5, '4.4e-5'],
    [-3.14159, '\u22123.1'],
    [-4.4e-5, '\u22124.4e-5'],
    [1.2e21, '1.2e21'],
    [5e-324, '4.9e-324'],
    [Number.MAX_VALUE, '1.8e308'],
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('writes what was not measured, or is not finite, as a dash', () => {
    expect([null, NaN, Infinity, -Infinity].map(formatNumber)).toEqual(['–', '–', '–', '–']);
  });

  it('can be read back within two significant digits, over 40 decades', () => {
    for (let exponent = -20; exponent <= 20; exponent++) {
      for (const digits of [1, 1.049, 2.55, 9.94, 9.96]) {
        const value = -digits * 10 ** exponent;
        const read = Number(formatNumber(value).replace('\u2212', '-'));
        expect(Math.abs(read / value - 1)).toBeLessThanOrEqual(0.05);
      }
    }
  });
});

describe('formatShare', () => {
  it.each([
    [0, '0'],
    [1e-9, '<1%'],
    [0.00499, '<1%'],
    [0.005, '1%'],
    [0.64, '64%'],
    [0.9949, '99%'],
    [0.9999, '>99%'],
    [1, '100%'],
  ])('writes %d as %s: never all or nothing for what is neither', (share, text) => {
    expect(formatShare(share)).toBe(text);
  });
});

describe('counts and sizes', () => {
  it('separates thousands', () => {
    expect([0, 999, 1000, 65_536, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '65,536', '1,234,567']);
  });

  it('shortens large counts without rounding into the wrong unit', () => {
    const texts = [812, 999, 1000, 9949, 343_114, 999_499, 999_500, 1_312_000, 1.5e9].map(formatSize);
    expect(texts.map((text) => text.replace('\u00a0', ' '))).toEqual([
      '812',
      '999',
      '1 k',
      '9.9 k',
      '343 k',
      '999 k',
      '1 M',
      '1.3 M',
      '1.5 G',
    ]);
  });

  it('writes durations in the unit a person would', () => {
    const texts = [0, 480, 994, 995, 2412, 9949, 9950, 59_400, 59_500, 185_000].map(formatDuration);
    expect(texts.map((text) => text.replaceAll('\u00a0', ' '))).toEqual([
      '0 ms',
      '480 ms',
      '994 ms',
      '1.0 s',
      '2.4 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min 0 s',
      '3 min 5 s',
    ]);
  });

  it('counts things', () => {
    expect([formatPlural(1, 'unit'), formatPlural(0, 'unit'), formatPlural(1024, 'copy', 'copies')]).toEqual([
      '1 unit',
      '0 units',
      '1,024 copies',
    ]);
  });

  it('joins shapes, factors and lists', () => {
    expect([formatShape([28, null, 1]), formatShape([])]).toEqual(['28×?×1', '1']);
    expect([formatFactor(31.2), formatFactor(null)]).toEqual(['31×', '–']);
    expect([formatList([]), formatList(['a']), formatList(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
  });
});

describe('shortName', () => {
  it('keeps both ends of a long name, within the limit', () => {
    const name = `model/${'block/'.repeat(50)}dense_12`;
    expect([...shortName(name, 40)]).toHaveLength(40);
    expect(shortName(name, 40)).toMatch(/^model\/block.*….*dense_12$/);
    expect(shortName('dense_1', 40)).toBe('dense_1');
  });

  it('cuts no character in two', () => {
    expect(shortName('😀'.repeat(10), 5)).toBe('😀😀…😀😀');
  });

  it('takes out what acts on terminals or reorders text', () => {
    expect(shortName('a\u001b[31mb\n\u202ec\u2028d')).toBe('a [31mb c d');
  });
});

describe('formatActivation', () => {
  it('writes names as papers do and leaves unknown ones alone', () => {
    expect(['relu', 'gelu_tanh', 'constructor', null].map(formatActivation)).toEqual([
      'ReLU',
      'GELU (tanh)',
      'constructor',
      '–',
    ]);
  });
});
