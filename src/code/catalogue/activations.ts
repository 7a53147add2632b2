import { lookup } from './spelling';

/** What a hover tip says of an activation beside the numbers of src/report/activations.ts. */
export interface ActivationNote {
  /** Keras's identifier; the key of src/report/activations.ts where its closed form is known. */
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
  /** What can go wrong with it. */
  readonly risk: string;
  /** Which initialisation suits the layer before it; null where that is of no importance. */
  readonly fits: string | null;
}

const HE = 'He initialization (variance 2/fan-in).';
const GLOROT = 'Glorot (Xavier) initialization (variance 2/(fan-in + fan-out)).';
const LECUN = 'LeCun normal initialization (variance 1/fan-in); self-normalizing only with it.';

const row = (
  spellings: string,
  name: string,
  title: string,
  meaning: string,
  risk: string,
  fits: string | null,
): readonly [string, ActivationNote] => [spellings, { name, title, meaning, risk, fits }];

/** The activation that a library calls `name` in any spelling; null if it is not one. */
export const activationNote = lookup<ActivationNote>([
  row(
    'relu reluactivation',
    'relu',
    'ReLU',
    'max(0, z): passes positive values, cuts the rest.',
    'Zero derivative for z < 0: a unit that is never positive gets no gradient and stays dead.',
    HE,
  ),
  row(
    'relu6',
    'relu6',
    'ReLU6',
    'min(max(0, z), 6).',
    'A unit can die below 0 as with ReLU, and passes no gradient above 6.',
    HE,
  ),
  row(
    'leakyrelu lrelu',
    'leaky_relu',
    'Leaky ReLU',
    'z for z > 0, a small multiple of z below.',
    'Cannot die: the negative side keeps a small derivative.',
    'He initialization with the slope s: variance 2/((1 + s²) fan-in).',
  ),
  row(
    'prelu parametricrelu',
    'prelu',
    'PReLU',
    'Leaky ReLU with a learned slope.',
    'Cannot die while the learned slope is not 0.',
    HE,
  ),
  row('rrelu', 'rrelu', 'RReLU', 'Leaky ReLU with a random slope during training.', 'Cannot die.', HE),
  row(
    'thresholdedrelu threshold',
    'thresholded_relu',
    'Thresholded ReLU',
    'z where z exceeds the threshold, else 0.',
    'Units die more easily than with ReLU: everything below the threshold passes no gradient.',
    HE,
  ),
  row(
    'elu',
    'elu',
    'ELU',
    'z for z > 0, exp(z) - 1 below.',
    'Units cannot die outright, but far below 0 the derivative approaches 0.',
    HE,
  ),
  row('celu', 'celu', 'CELU', 'ELU with a continuous derivative.', 'Far below 0 the derivative approaches 0.', HE),
  row(
    'selu',
    'selu',
    'SELU',
    'Scaled ELU whose fixed point keeps mean 0 and variance 1 in plain dense stacks.',
    'Self-normalizing only with LeCun normal kernels, alpha dropout and standardized inputs.',
    LECUN,
  ),
  row(
    'gelu gelunew gelutanh geluapproximate',
    'gelu',
    'GELU',
    'z Φ(z), with Φ the normal distribution function: a smooth ReLU.',
    'Units cannot die outright; the derivative is tiny far below 0.',
    HE,
  ),
  row(
    'quickgelu',
    'quick_gelu',
    'Quick GELU',
    'z σ(1.702 z), an approximation of GELU.',
    'The derivative is tiny far below 0.',
    HE,
  ),
  row(
    'silu swish',
    'silu',
    'SiLU (Swish)',
    'z σ(z): a smooth ReLU.',
    'Units cannot die outright; the derivative is tiny far below 0.',
    HE,
  ),
  row('mish', 'mish', 'Mish', 'z tanh(softplus(z)): a smooth ReLU.', 'The derivative is tiny far below 0.', HE),
  row(
    'hardswish hardsilu',
    'hard_silu',
    'Hard Swish',
    'z clip((z + 3)/6, 0, 1): a piecewise Swish.',
    'Zero derivative for z < -3: a unit can die there.',
    HE,
  ),
  row(
    'sigmoid',
    'sigmoid',
    'Sigmoid',
    '1/(1 + exp(-z)): squashes to (0, 1).',
    'Derivative at most 1/4: in a stack of hidden layers gradients vanish; saturates for |z| > 5. Good for binary outputs and gates.',
    GLOROT,
  ),
  row(
    'hardsigmoid',
    'hard_sigmoid',
    'Hard sigmoid',
    'A piecewise linear sigmoid.',
    'Zero derivative outside its linear part: saturated units get no gradient.',
    GLOROT,
  ),
  row('logsigmoid', 'log_sigmoid', 'Log-sigmoid', 'log σ(z).', 'The derivative vanishes for large z.', GLOROT),
  row(
    'tanh',
    'tanh',
    'tanh',
    'Hyperbolic tangent: squashes to (-1, 1).',
    'Derivative at most 1, near 0 for |z| > 3: gradients vanish where units saturate.',
    'Glorot (Xavier) initialization; the gain that keeps the signal in deep stacks is 5/3.',
  ),
  row(
    'hardtanh',
    'hard_tanh',
    'Hard tanh',
    'clip(z, -1, 1).',
    'Zero derivative outside [-1, 1]: saturated units get no gradient.',
    GLOROT,
  ),
  row('tanhshrink', 'tanh_shrink', 'Tanhshrink', 'z - tanh(z).', 'The derivative vanishes near 0.', null),
  row(
    'hardshrink',
    'hard_shrink',
    'Hardshrink',
    '0 for |z| at most lambda, else z.',
    'Zero derivative around 0.',
    null,
  ),
  row('softshrink', 'soft_shrink', 'Softshrink', 'Shrinks z towards 0 by lambda.', 'Zero derivative around 0.', null),
  row(
    'softsign',
    'softsign',
    'Softsign',
    'z/(1 + |z|): squashes to (-1, 1), more slowly than tanh.',
    'Saturates slowly: the derivative falls with 1/z².',
    GLOROT,
  ),
  row(
    'softplus',
    'softplus',
    'Softplus',
    'log(1 + exp(z)): a smooth, always positive ReLU.',
    'Units cannot die outright; outputs are never negative.',
    HE,
  ),
  row(
    'exponential exp',
    'exponential',
    'Exponential',
    'exp(z).',
    'Unbounded derivative: values and gradients explode for large z.',
    null,
  ),
  row(
    'softmax softmax2d softmin',
    'softmax',
    'Softmax',
    'exp(z_i)/Σ exp(z_k): class probabilities that sum to 1.',
    'For outputs and attention. A loss that takes logits must not be given softmax outputs.',
    GLOROT,
  ),
  row(
    'logsoftmax',
    'log_softmax',
    'Log-softmax',
    'log of the softmax: log-probabilities.',
    'Belongs before a negative log-likelihood loss (NLLLoss).',
    GLOROT,
  ),
  row(
    'linear identity none',
    'linear',
    'Linear',
    'No activation: the output is z.',
    'Linear layers in a row are one linear layer.',
    null,
  ),
  row(
    'glu',
    'glu',
    'GLU',
    'Half of the features gates the other half through a sigmoid.',
    'Saturated gates pass no gradient.',
    null,
  ),
  row('maxout', 'maxout', 'Maxout', 'The largest of several linear units.', 'Cannot die.', HE),
  row('crelu', 'crelu', 'CReLU', 'ReLU of z and of -z, concatenated.', 'One of the two halves is always active.', HE),
]);

/** The activations whose hidden units can die, and that He initialization is meant for. */
export const RECTIFIERS: ReadonlySet<string> = new Set(['relu', 'relu6', 'thresholded_relu']);
/** Activations that halve the second moment about as ReLU does, so that He initialization holds it. */
export const RELU_FAMILY: ReadonlySet<string> = new Set([
  ...RECTIFIERS,
  'leaky_relu',
  'prelu',
  'elu',
  'gelu',
  'silu',
  'mish',
]);
