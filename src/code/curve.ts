import { activation, type Activation } from '../report/activations';

/** VS Code's kinds of theme. An image in a hover cannot see the theme's colours, so it is told which kind is on. */
export type Theme = 'light' | 'dark' | 'high-contrast-light' | 'high-contrast-dark';

interface Palette {
  readonly text: string;
  readonly axis: string;
  readonly value: string;
  readonly derivative: string;
  readonly stroke: number;
}

/** Contrast of every line and text with VS Code's default hover backgrounds is at least 4.5. */
const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: { text: '#3b3b3b', axis: '#8a8a8a', value: '#005fb8', derivative: '#a8430a', stroke: 2 },
  dark: { text: '#cccccc', axis: '#7f7f7f', value: '#4daafc', derivative: '#e8a15c', stroke: 2 },
  'high-contrast-light': { text: '#000000', axis: '#292929', value: '#0f4a85', derivative: '#8b2500', stroke: 3 },
  'high-contrast-dark': { text: '#ffffff', axis: '#ffffff', value: '#6fc3ff', derivative: '#ffb066', stroke: 3 },
};

/** Pixels. */
const WIDTH = 280;
const HEIGHT = 150;
const LEGEND = 20;
/** The pre-activations that are drawn. */
const LIMIT = 4;
const POINTS = 161;

/**
 * An SVG image, as a data URI, of an activation (solid) and its derivative (dashed) for z from -4 to 4. Null for
 * activations that are not defined per unit or whose form is not known.
 */
export function curveImage(name: string, theme: Theme, alpha: number | null = null): string | null {
  const known = activation(name, alpha === null ? {} : { alpha });
  if (known === null || known.family === 'normalizing') return null;
  return `data:image/svg+xml;utf8,${encodeURIComponent(svg(known, PALETTES[theme]))}`;
}

function svg(of: Activation, palette: Palette): string {
  const zs = Array.from({ length: POINTS }, (_, i) => -LIMIT + (2 * LIMIT * i) / (POINTS - 1));
  const values = zs.map((z) => clamp(of.value(z)));
  const derivatives = zs.map((z) => clamp(of.derivative(z)));
  const all = [...values, ...derivatives, 0];
  const low = Math.min(...all);
  const high = Math.max(...all, low + 0.5);
  const margin = (high - low) * 0.06;
  const x = (z: number): number => ((z + LIMIT) / (2 * LIMIT)) * WIDTH;
  const y = (value: number): number =>
    LEGEND + (1 - (value - low + margin) / (high - low + 2 * margin)) * (HEIGHT - LEGEND);
  const path = (heights: readonly number[]): string =>
    zs.map((z, i) => `${i === 0 ? 'M' : 'L'}${x(z).toFixed(1)} ${y(heights[i]).toFixed(1)}`).join('');
  const { text, axis, value, derivative, stroke } = palette;
  const font = 'font-family="sans-serif" font-size="11"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">`,
    `<path d="M0 ${y(0).toFixed(1)}H${WIDTH}M${x(0)} ${LEGEND}V${HEIGHT}" stroke="${axis}" fill="none"/>`,
    `<path d="${path(derivatives)}" stroke="${derivative}" stroke-width="${stroke}" stroke-dasharray="5 3" fill="none"/>`,
    `<path d="${path(values)}" stroke="${value}" stroke-width="${stroke}" fill="none"/>`,
    `<path d="M4 10H24" stroke="${value}" stroke-width="${stroke}"/>`,
    `<text x="28" y="14" fill="${text}" ${font}>φ(z)</text>`,
    `<path d="M70 10H90" stroke="${derivative}" stroke-width="${stroke}" stroke-dasharray="5 3"/>`,
    `<text x="94" y="14" fill="${text}" ${font}>φ′(z)</text>`,
    `<text x="${WIDTH - 4}" y="14" fill="${text}" text-anchor="end" ${font}>z from -${LIMIT} to ${LIMIT}</text>`,
    '</svg>',
  ].join('');
}

/** What leaves the picture is cut off where exp would flatten everything else. */
const clamp = (value: number): number => Math.max(-LIMIT - 1, Math.min(LIMIT + 1, value));
