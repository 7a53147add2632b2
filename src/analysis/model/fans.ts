/** Fan-in and fan-out of weights, and the spread that an initialiser asks for. */

import type { WeightReport } from '../../report/report';

export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/**
 * The number of products that are summed into one output, and the number of outputs that one input feeds, for a kernel
 * stored as `[...window, in, out]` (dense `[in, out]`); transposed convolutions store `[...window, out, in]`, depthwise
 * ones `[...window, channels, multiplier]`, where each output sees one channel. Null for vectors (biases, gammas).
 */
export function fansOf(shape: readonly number[], kind: 'plain' | 'depthwise' | 'transposed' = 'plain'): Fans | null {
  if (shape.length < 2) return null;
  const window = product(shape.slice(0, -2));
  const [a, b] = [shape[shape.length - 2], shape[shape.length - 1]];
  if (kind === 'depthwise') return { fanIn: window, fanOut: window * b };
  return kind === 'transposed' ? { fanIn: window * b, fanOut: window * a } : { fanIn: window * a, fanOut: window * b };
}

/**
 * Standard deviation that an initialiser asks for on a weight of this shape, or null where it is unknown (or random in
 * a way that has no closed form). Keras and tfjs compute fans for variance scaling from the stored shape `[...window, a, b]`
 * whatever the kind of layer, and so does this. Sources: Glorot and Bengio 2010; He et al. 2015 (arXiv:1502.01852);
 * Keras `initializers/random_initializers.py`; tfjs-layers 4.22.0 `initializers.ts`.
 */
export function nominalStandardDeviation(
  initializer: WeightReport['initializer'],
  shape: readonly number[],
): number | null {
  const deviation = initializer === null ? null : askedFor(initializer, shape);
  return deviation !== null && deviation >= 0 && Number.isFinite(deviation) ? deviation : null;
}

function askedFor(
  { className, config }: NonNullable<WeightReport['initializer']>,
  shape: readonly number[],
): number | null {
  const number = (...keys: string[]): number | null => {
    for (const key of keys) if (typeof config[key] === 'number') return config[key];
    return null;
  };
  const scaled = Object.hasOwn(VARIANCE_SCALING, className) ? VARIANCE_SCALING[className] : undefined;
  if (className === 'VarianceScaling' || scaled !== undefined) {
    const mode = scaled?.mode ?? (typeof config['mode'] === 'string' ? config['mode'] : 'fanIn');
    const scale = scaled?.scale ?? number('scale') ?? 1;
    const fans = shape.length === 1 ? { fanIn: shape[0], fanOut: shape[0] } : fansOf(shape);
    if (fans === null) return null;
    const { fanIn, fanOut } = fans;
    const fan = /avg/i.test(mode) ? (fanIn + fanOut) / 2 : /out/i.test(mode) ? fanOut : fanIn;
    return Math.sqrt(scale / Math.max(1, fan));
  }
  switch (className) {
    case 'Zeros':
    case 'Ones':
    case 'Constant':
      return 0;
    case 'RandomNormal':
      return number('stddev') ?? 0.05;
    case 'TruncatedNormal':
      // A normal distribution cut at two sigma keeps 0.8796 of its standard deviation.
      return 0.87962566 * (number('stddev') ?? 0.05);
    case 'RandomUniform': {
      const low = number('minval') ?? -0.05;
      const high = number('maxval') ?? 0.05;
      return Math.abs(high - low) / Math.sqrt(12);
    }
    case 'Orthogonal': {
      // Rows or columns of a random orthogonal matrix: E[w^2] = 1 / max(rows, columns).
      if (shape.length < 2) return null;
      const columns = shape[shape.length - 1];
      const rows = product(shape) / columns;
      return (number('gain') ?? 1) / Math.sqrt(Math.max(rows, columns));
    }
    default:
      return null;
  }
}

const VARIANCE_SCALING: Readonly<Record<string, { readonly scale: number; readonly mode: string }>> = {
  GlorotUniform: { scale: 1, mode: 'fanAvg' },
  GlorotNormal: { scale: 1, mode: 'fanAvg' },
  HeUniform: { scale: 2, mode: 'fanIn' },
  HeNormal: { scale: 2, mode: 'fanIn' },
  LeCunUniform: { scale: 1, mode: 'fanIn' },
  LecunUniform: { scale: 1, mode: 'fanIn' },
  LeCunNormal: { scale: 1, mode: 'fanIn' },
  LecunNormal: { scale: 1, mode: 'fanIn' },
};
