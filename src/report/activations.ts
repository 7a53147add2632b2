/**
 * What is known about each activation function: the closed forms that measurements, rules and hover tips share.
 * Names are those of Keras. Sources: Keras and tfjs 4.22.0 definitions; SELU constants from Klambauer et al. 2017
 * (arXiv:1706.02515); GELU from Hendrycks and Gimpel 2016 (arXiv:1606.08415); Mish from Misra 2019 (arXiv:1908.08681).
 */

export type ActivationFamily =
  /** Zero output and zero derivative on a half line: a unit can die. */
  | 'relu'
  /** Like ReLU with a non-zero derivative for negative arguments. */
  | 'leaky'
  /** Bounded with a derivative that vanishes on both sides. */
  | 'saturating'
  | 'linear'
  /** Unbounded above, smooth, with a small derivative far below 0 (GELU, Swish, Softplus, …). */
  | 'smooth'
  /** Mixes the units of a layer (softmax): no derivative per unit. */
  | 'normalizing';

export interface Activation {
  readonly name: string;
  readonly family: ActivationFamily;
  /** `phi(z)`. For normalising activations the value is not defined per unit and this returns z. */
  value(z: number): number;
  /** `phi'(z)`; where it jumps, the value that back-propagation uses (ReLU: 0 at 0, as tfjs computes it). */
  derivative(z: number): number;
  /** The largest value of `phi'`; null where it is not defined per unit or not bounded. */
  readonly maximumDerivative: number | null;
  /** Infimum and supremum of phi. */
  readonly range: readonly [number, number];
  /** Of an activation that is linear within one interval and constant on both sides: that interval. */
  readonly ramp?: readonly [number, number];
}

/** Whether the activation keeps its argument within its range and changes nothing else, as ReLU does. */
export const isClipping = ({ range, ramp }: Activation): boolean => ramp?.[0] === range[0] && ramp[1] === range[1];

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
const GELU_TANH = Math.sqrt(2 / Math.PI);

const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const softplus = (z: number): number => (z > 30 ? z : Math.log1p(Math.exp(z)));

/** Abramowitz and Stegun 7.1.26 is too coarse for a reference; this is W. J. Cody's rational form via a continued series, error below 1e-15 near 0 and 1e-13 elsewhere. */
function erf(x: number): number {
  const t = Math.abs(x);
  if (t > 6) return Math.sign(x);
  if (t < 3) {
    // Maclaurin series of erf, all terms positive in Kummer's form: 2x/sqrt(pi) e^(-x^2) sum (2x^2)^n / (2n+1)!!
    let term = 1;
    let sum = 1;
    for (let n = 1; n < 120 && term > 1e-17 * sum; n++) {
      term *= (2 * t * t) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * ((2 * t) / Math.sqrt(Math.PI)) * Math.exp(-t * t) * sum;
  }
  // Laplace's continued fraction for erfc, convergent fast for t >= 3.
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (t + fraction);
  return Math.sign(x) * (1 - Math.exp(-t * t) / (Math.sqrt(Math.PI) * (t + fraction)));
}

/** Distribution function of the standard normal distribution. */
export const normalCdf = (z: number): number => (1 + erf(z / Math.SQRT2)) / 2;
const normalPdf = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** Parameters that some activations take; what is left out has the default of Keras. */
export interface ActivationParameters {
  /** Slope for negative arguments (LeakyReLU), or scale of the negative part (ELU). PReLU's per-unit slopes are represented by their mean. */
  readonly alpha?: number;
  /** ReLU layer: upper limit. */
  readonly maximum?: number | null;
  /** ReLU and ThresholdedReLU layers: z below this gives 0 (or the leak). */
  readonly threshold?: number;
  /** Hard sigmoid: 0.2 in Keras 2 and tfjs, 1/6 in Keras 3. */
  readonly slope?: number;
}

/** The activation called `name` (Keras identifiers, camelCase of tfjs accepted), or null if it is not known. */
export function activation(name: string, parameters: ActivationParameters = {}): Activation | null {
  const canonical = Object.hasOwn(ALIASES, name)
    ? ALIASES[name]
    : name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  return Object.hasOwn(FACTORIES, canonical) ? { name: canonical, ...FACTORIES[canonical](parameters) } : null;
}

const ALIASES: Readonly<Record<string, string>> = {
  ReLU: 'relu',
  ReLU6: 'relu6',
  LeakyReLU: 'leaky_relu',
  leakyrelu: 'leaky_relu',
  leakyReLU: 'leaky_relu',
  lrelu: 'leaky_relu',
  PReLU: 'prelu',
  ELU: 'elu',
  CELU: 'celu',
  SELU: 'selu',
  ThresholdedReLU: 'thresholded_relu',
  swish: 'silu',
  SiLU: 'silu',
  GELU: 'gelu',
  gelu_new: 'gelu_tanh',
  hardswish: 'hard_silu',
  hard_swish: 'hard_silu',
  Hardswish: 'hard_silu',
  logsoftmax: 'log_softmax',
  LogSoftmax: 'log_softmax',
  none: 'linear',
  identity: 'linear',
  Identity: 'linear',
};

type Factory = (parameters: ActivationParameters) => Omit<Activation, 'name'>;

const RECTIFIER: Factory = ({ alpha = 0, maximum = null, threshold = 0 }) => ({
  family: alpha === 0 ? 'relu' : 'leaky',
  value: (z) => (maximum !== null && z >= maximum ? maximum : z >= threshold ? z : alpha * (z - threshold)),
  derivative: (z) => (maximum !== null && z >= maximum ? 0 : z > threshold ? 1 : alpha),
  maximumDerivative: Math.max(1, alpha),
  range: [alpha > 0 ? -Infinity : 0, maximum ?? Infinity],
  ...(alpha === 0 ? { ramp: [threshold, maximum ?? Infinity] } : {}),
});

const FACTORIES: Readonly<Record<string, Factory>> = {
  linear: () => ({
    family: 'linear',
    value: (z) => z,
    derivative: () => 1,
    maximumDerivative: 1,
    range: [-Infinity, Infinity],
  }),
  relu: RECTIFIER,
  relu6: () => RECTIFIER({ maximum: 6 }),
  leaky_relu: ({ alpha = 0.3 }) => RECTIFIER({ alpha }),
  prelu: ({ alpha = 0 }) => ({
    family: 'leaky',
    value: (z) => (z > 0 ? z : alpha * z),
    derivative: (z) => (z > 0 ? 1 : alpha),
    maximumDerivative: Math.max(1, alpha),
    range: [alpha > 0 ? -Infinity : 0, Infinity],
  }),
  thresholded_relu: ({ threshold = 1 }) => ({
    family: 'relu',
    value: (z) => (z > threshold ? z : 0),
    derivative: (z) => (z > threshold ? 1 : 0),
    maximumDerivative: 1,
    range: [0, Infinity],
    ramp: [threshold, Infinity],
  }),
  elu: ({ alpha = 1 }) => ({
    family: 'leaky',
    value: (z) => (z > 0 ? z : alpha * Math.expm1(z)),
    derivative: (z) => (z > 0 ? 1 : alpha * Math.exp(z)),
    maximumDerivative: Math.max(1, alpha),
    range: [-alpha, Infinity],
  }),
  celu: ({ alpha = 1 }) => ({
    family: 'leaky',
    value: (z) => (z > 0 ? z : alpha * Math.expm1(z / alpha)),
    derivative: (z) => (z > 0 ? 1 : Math.exp(z / alpha)),
    maximumDerivative: 1,
    range: [-alpha, Infinity],
  }),
  selu: () => ({
    family: 'leaky',
    value: (z) => SELU_SCALE * (z > 0 ? z : SELU_ALPHA * Math.expm1(z)),
    derivative: (z) => SELU_SCALE * (z > 0 ? 1 : SELU_ALPHA * Math.exp(z)),
    maximumDerivative: SELU_SCALE * SELU_ALPHA,
    range: [-SELU_SCALE * SELU_ALPHA, Infinity],
  }),
  sigmoid: () => ({
    family: 'saturating',
    value: sigmoid,
    derivative: (z) => sigmoid(z) * sigmoid(-z),
    maximumDerivative: 0.25,
    range: [0, 1],
  }),
  hard_sigmoid: ({ slope = 0.2 }) => ({
    family: 'saturating',
    value: (z) => Math.min(1, Math.max(0, slope * z + 0.5)),
    derivative: (z) => (Math.abs(slope * z) < 0.5 ? slope : 0),
    maximumDerivative: slope,
    range: [0, 1],
    ramp: [-0.5 / slope, 0.5 / slope],
  }),
  hard_tanh: () => ({
    family: 'saturating',
    value: (z) => Math.min(1, Math.max(-1, z)),
    derivative: (z) => (Math.abs(z) < 1 ? 1 : 0),
    maximumDerivative: 1,
    range: [-1, 1],
    ramp: [-1, 1],
  }),
  tanh: () => ({
    family: 'saturating',
    value: Math.tanh,
    derivative: (z) => 1 / Math.cosh(Math.min(Math.abs(z), 350)) ** 2,
    maximumDerivative: 1,
    range: [-1, 1],
  }),
  softsign: () => ({
    family: 'saturating',
    value: (z) => z / (1 + Math.abs(z)),
    derivative: (z) => 1 / (1 + Math.abs(z)) ** 2,
    maximumDerivative: 1,
    range: [-1, 1],
  }),
  softplus: () => ({
    family: 'smooth',
    value: softplus,
    derivative: sigmoid,
    maximumDerivative: 1,
    range: [0, Infinity],
  }),
  exponential: () => ({
    family: 'smooth',
    value: Math.exp,
    derivative: Math.exp,
    maximumDerivative: null,
    range: [0, Infinity],
  }),
  gelu: () => ({
    family: 'smooth',
    value: (z) => z * normalCdf(z),
    derivative: (z) => normalCdf(z) + z * normalPdf(z),
    // Attained at z = sqrt(2).
    maximumDerivative: normalCdf(Math.SQRT2) + Math.SQRT2 * normalPdf(Math.SQRT2),
    range: [-0.1699712074799, Infinity],
  }),
  gelu_tanh: () => ({
    family: 'smooth',
    value: (z) => 0.5 * z * (1 + Math.tanh(GELU_TANH * (z + 0.044715 * z ** 3))),
    derivative: (z) => {
      const t = Math.tanh(GELU_TANH * (z + 0.044715 * z ** 3));
      return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * GELU_TANH * (1 + 3 * 0.044715 * z * z);
    },
    maximumDerivative: 1.1289930686587717,
    range: [-0.1700407505712541, Infinity],
  }),
  silu: () => ({
    family: 'smooth',
    value: (z) => z * sigmoid(z),
    derivative: (z) => sigmoid(z) * (1 + z * sigmoid(-z)),
    maximumDerivative: 1.099839320128867,
    range: [-0.2784645427610738, Infinity],
  }),
  hard_silu: () => ({
    family: 'smooth',
    value: (z) => (z * Math.min(6, Math.max(0, z + 3))) / 6,
    derivative: (z) => (z <= -3 ? 0 : z >= 3 ? 1 : (2 * z + 3) / 6),
    maximumDerivative: 1.5,
    range: [-0.375, Infinity],
  }),
  mish: () => ({
    family: 'smooth',
    value: (z) => z * Math.tanh(softplus(z)),
    derivative: (z) => {
      const t = Math.tanh(softplus(z));
      return t + z * (1 - t * t) * sigmoid(z);
    },
    maximumDerivative: 1.088498161251728,
    range: [-0.3088434130172503, Infinity],
  }),
  softmax: () => ({
    family: 'normalizing',
    value: (z) => z,
    derivative: () => NaN,
    maximumDerivative: null,
    range: [0, 1],
  }),
  log_softmax: () => ({
    family: 'normalizing',
    value: (z) => z,
    derivative: () => NaN,
    maximumDerivative: null,
    range: [-Infinity, 0],
  }),
};
