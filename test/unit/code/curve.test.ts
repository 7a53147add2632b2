import { describe, expect, it } from 'vitest';
import { activation } from '../../../src/report/activations';
import { curveImage, type Theme } from '../../../src/code/curve';

const svg = (name: string, theme: Theme = 'light', alpha: number | null = null): string => {
  const image = curveImage(name, theme, alpha)!;
  expect(image.startsWith('data:image/svg+xml;utf8,')).toBe(true);
  return decodeURIComponent(image.slice(image.indexOf(',') + 1));
};
/** The points of the two long paths, derivative first. */
const points = (text: string): number[][][] =>
  [...text.matchAll(/ d="(M0\.0 [^"]*L[^"]*)"/g)].map(([, path]) =>
    path
      .split(/[ML]/)
      .filter(Boolean)
      .map((pair) => pair.split(' ').map(Number)),
  );

describe('the curve of an activation', () => {
  it('goes through the values of the function and its derivative', () => {
    const [derivative, value] = points(svg('sigmoid'));
    expect(value).toHaveLength(161);
    const sigmoid = activation('sigmoid')!;
    const phi = (z: number): number => sigmoid.value(z);
    const slope = (z: number): number => sigmoid.derivative(z);
    // The picture is linear in z and in phi: two points of one curve fix the scale for all the others of both.
    const scale = (value[160][1] - value[0][1]) / (phi(4) - phi(-4));
    const y = (height: number): number => value[0][1] + scale * (height - phi(-4));
    for (const i of [0, 20, 80, 117, 160]) {
      const z = -4 + i / 20;
      expect(Math.abs(value[i][0] - (280 * i) / 160)).toBeLessThan(0.06);
      expect(Math.abs(value[i][1] - y(phi(z)))).toBeLessThan(0.2);
      expect(Math.abs(derivative[i][1] - y(slope(z)))).toBeLessThan(0.2);
    }
  });
  it('has colours for every theme', () => {
    const themes: Theme[] = ['light', 'dark', 'high-contrast-light', 'high-contrast-dark'];
    expect(new Set(themes.map((theme) => svg('relu', theme))).size).toBe(4);
  });
  it('takes a slope', () => {
    expect(svg('leaky_relu', 'light', 0.5)).not.toBe(svg('leaky_relu', 'light', 0.01));
  });
  it('is not drawn where there is none per unit, or none known', () => {
    expect(curveImage('softmax', 'dark')).toBeNull();
    expect(curveImage('maxout', 'dark')).toBeNull();
  });
});
