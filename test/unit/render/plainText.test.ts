import { describe, expect, it } from 'vitest';
import {
  displayWidth,
  padEnd,
  padStart,
  plainData,
  plainLines,
  plainText,
  shorten,
  wrap,
} from '../../../src/report/render/plainText';

describe('plainText', () => {
  it.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['cursor movement', 'a\u001b[2J\u001b[1;1Hb', 'ab'],
    ['a single-character CSI', 'a\u009b31mb', 'ab'],
    ['a window title', '\u001b]0;owned\u0007name', 'name'],
    ['a hyperlink', '\u001b]8;;https://example.org\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['a string that never ends', 'name\u001bPpayload', 'name'],
    ['a lone escape', 'a\u001bcb\u001b', 'ab'],
    ['line breaks and tabs', 'a\r\nb\tc\u2028d', 'a b c d'],
    ['other control characters', 'a\u0000\u0008\u007f\u0085b', 'ab'],
    ['reversed text', 'a\u202eb\u2066c', 'abc'],
    ['invisible characters', 'a\u200bb\ufeff', 'ab'],
    ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
  ])('takes out %s', (_what, text, expected) => {
    expect(plainText(text)).toBe(expected);
  });

  it.each(['dense_1/kernel', 'Schicht für Größe', '隠れ層', '−3.1 × 10', '👩‍🔬'])('leaves %s alone', (text) => {
    expect(plainText(text)).toBe(text);
  });
});

it('plainLines keeps line breaks and nothing else', () => {
  expect(plainLines('a\u001b[1m\n\tb\r\nc\rd')).toEqual(['a', '  b', 'c', 'd']);
});

it('plainData cleans every string, keys too, and keeps the lines of code', () => {
  const data = { 'a\u001b[1m': ['x\ny', 1, null, { code: { tfjs: 'p\n\u0007q', keras: null } }] };
  expect(plainData(data)).toEqual({ a: ['x y', 1, null, { code: { tfjs: 'p\nq', keras: null } }] });
});

describe('displayWidth', () => {
  it.each([
    ['dense_1', 7],
    ['Größe', 5],
    ['e\u0301', 1],
    ['隠れ層', 6],
    ['ＡＢ', 4],
    ['한국어', 6],
    ['👩‍🔬', 2],
    ['✗!✓·i', 5],
    ['█▁', 2],
    ['24 75%–×…', 9],
  ])('of %s is %d', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it('is what padding fills', () => {
    expect(padEnd('層', 4)).toBe('層  ');
    expect(padStart('層', 4)).toBe('  層');
    expect(padEnd('long', 2)).toBe('long');
  });
});

describe('shorten', () => {
  it('leaves out the middle', () => {
    expect(shorten('block_1/sub/hidden_17', 11)).toBe('block…en_17');
    expect(shorten('short', 11)).toBe('short');
  });

  it.each(['abcdefghij', '隠れ層隠れ層', '👩‍🔬👩‍🔬👩‍🔬👩‍🔬', 'é'.repeat(9)])('keeps %s within every width', (text) => {
    for (let width = 1; width <= 12; width++) {
      expect(displayWidth(shorten(text, width))).toBeLessThanOrEqual(width);
    }
  });
});

describe('wrap', () => {
  it('breaks at spaces, never at no-break spaces', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a 1.3\u00a0M weights', 6)).toEqual(['a', '1.3\u00a0M', 'weight', 's']);
  });

  it('counts columns, not characters, and breaks long words', () => {
    expect(wrap('隠れ層 隠れ層', 7)).toEqual(['隠れ層', '隠れ層']);
    expect(wrap('x'.repeat(10), 4)).toEqual(['xxxx', 'xxxx', 'xx']);
    expect(wrap('層', 1)).toEqual(['層']);
  });

  it('gives no line for no text', () => {
    expect(wrap('', 10)).toEqual([]);
  });
});
