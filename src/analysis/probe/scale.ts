import { DiagnosisError } from '../../report/errors';

/**
 * How the numbers of a file become the numbers that the network takes: a factor, or for pixels of 0 to 255 the range
 * (or, for `imagenet`, the per-channel normalisation) that the network was trained on.
 */
export type Scale = number | '0..1' | '-1..1' | '0..255' | 'imagenet';

const NAMED: readonly Scale[] = ['0..1', '-1..1', '0..255', 'imagenet'];

/** Mean and standard deviation of the training images of ImageNet, red, green, blue, as torchvision publishes them. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** Of `0..1`, `-1..1`, `0..255`, `imagenet`, a number or a fraction such as `1/255`; else an error `usage`. */
export function parseScale(text: string): Scale {
  const trimmed = text.trim();
  const named = NAMED.find((name) => name === trimmed);
  if (named !== undefined) return named;
  const number = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?`;
  const match = new RegExp(`^(${number})(?:\\s*/\\s*(${number}))?$`, 'i').exec(trimmed);
  const factor = match === null ? NaN : Number(match[1]) / Number(match[2] ?? 1);
  if (!Number.isFinite(factor) || factor === 0) {
    throw new DiagnosisError(
      'usage',
      `"${text}" is no scale.`,
      null,
      `Give one of ${NAMED.join(', ')}, or a factor such as 1/255.`,
    );
  }
  return factor;
}

/** Scales a value of channel `channel`. */
export type Scaling = (value: number, channel: number) => number;

export function scaling(scale: Scale): Scaling {
  switch (scale) {
    case '0..1':
      return (value) => value / 255;
    case '-1..1':
      return (value) => value / 127.5 - 1;
    case '0..255':
      return (value) => value;
    case 'imagenet':
      return (value, channel) => (value / 255 - IMAGENET.mean[channel]) / IMAGENET.deviation[channel];
    default:
      return (value) => value * scale;
  }
}

/** What was done, for the report. */
export function describeScale(scale: Scale): string {
  if (typeof scale === 'number') return `multiplied by ${Number(scale.toPrecision(6))}`;
  if (scale === '0..255') return 'left at 0..255';
  return scale === 'imagenet' ? 'normalised with the mean and deviation of ImageNet' : `scaled from 0..255 to ${scale}`;
}
