/**
 * How numbers and names read, in the panel, in text and in Markdown.
 *
 * Two significant digits; below 0.01 and from 1,000 on with an exponent that can be pasted into code (`4.4e-5`).
 * The sign is a true minus (U+2212), the exponent keeps its ASCII one. What was not measured is an en dash.
 */

export const NOT_MEASURED = '–';
const NO_BREAK = '\u00a0';

/** `0.21`, `−3.1`, `4.4e-5`, `0`; `–` for null and for what is not finite. */
export function formatNumber(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NOT_MEASURED;
  if (value === 0) return '0';
  const [mantissa, exponent] = Math.abs(value).toExponential(1).split('e').map(Number) as [number, number];
  const plain = exponent >= -2 && exponent < 3;
  const digits = plain ? String(Number(Math.abs(value).toPrecision(2))) : `${mantissa}e${exponent}`;
  return value < 0 ? `\u2212${digits}` : digits;
}

/** A bound of the user's own data, which they should recognise: `255`, `−0.42`, four significant digits where it has more. */
export function formatBound(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NOT_MEASURED;
  return String(Number(value.toPrecision(4))).replace('-', '\u2212');
}

/** A whole number with commas between thousands: `1,024`. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A share of 1 as a percentage; never `0%` for something, nor `100%` for less than all: `0`, `<1%`, `64%`, `>99%`. */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return NOT_MEASURED;
  if (share === 0) return '0';
  if (share < 0.005) return '<1%';
  if (share < 1 && share >= 0.995) return '>99%';
  return `${Math.round(share * 100)}%`;
}

/** How many times: `31×`, `1.6×`. */
export function formatFactor(factor: number | null): string {
  return factor === null || !Number.isFinite(factor) ? NOT_MEASURED : `${formatNumber(factor)}×`;
}

/** A large count, shortened: `812`, `343 k`, `1.3 M`. */
export function formatSize(count: number): string {
  const [unit, divisor] =
    count < 1e3 ? ['', 1] : count < 999_500 ? ['k', 1e3] : count < 999_500_000 ? ['M', 1e6] : ['G', 1e9];
  const scaled = count / divisor;
  const digits = unit === '' || scaled >= 9.95 ? String(Math.round(scaled)) : String(Number(scaled.toFixed(1)));
  return unit === '' ? digits : `${digits}${NO_BREAK}${unit}`;
}

/** `480 ms`, `2.4 s`, `3 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 995) return `${Math.round(milliseconds)}${NO_BREAK}ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${NO_BREAK}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${NO_BREAK}s`;
  return `${Math.floor(whole / 60)}${NO_BREAK}min ${whole % 60}${NO_BREAK}s`;
}

/** `28×28×1`; a free dimension is `?`, a scalar `1`. */
export function formatShape(shape: readonly (number | null)[]): string {
  return shape.length === 0 ? '1' : shape.map((size) => size ?? '?').join('×');
}

/** `1 unit`, `3 units`, `1,024 units`. */
export function formatPlural(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

/** Control characters, line breaks and marks that reorder the text around them. */
const DISRUPTIVE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * A name out of a model file as one harmless line of at most `limit` characters. The middle of a longer one is left
 * out, since nested names differ at the end; what could act on a terminal or reorder text becomes a space.
 */
export function shortName(name: string, limit = 40): string {
  const characters = [...name.replace(DISRUPTIVE, ' ')];
  if (characters.length <= limit) return characters.join('');
  const tail = Math.ceil((limit - 1) / 2);
  return `${characters.slice(0, limit - 1 - tail).join('')}…${characters.slice(-tail).join('')}`;
}

const ACTIVATION_NAMES: Readonly<Record<string, string>> = {
  relu: 'ReLU',
  relu6: 'ReLU6',
  leaky_relu: 'Leaky ReLU',
  prelu: 'PReLU',
  thresholded_relu: 'Thresholded ReLU',
  elu: 'ELU',
  celu: 'CELU',
  selu: 'SELU',
  gelu: 'GELU',
  gelu_tanh: 'GELU (tanh)',
  silu: 'SiLU',
  log_softmax: 'log-softmax',
  hard_sigmoid: 'hard sigmoid',
  hard_silu: 'hard SiLU',
  linear: 'linear',
};

/** The activation as papers write it: `ReLU` for `relu`; `–` for none. */
export function formatActivation(name: string | null): string {
  if (name === null) return NOT_MEASURED;
  return Object.hasOwn(ACTIVATION_NAMES, name) ? ACTIVATION_NAMES[name] : name;
}
