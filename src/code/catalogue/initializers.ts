import { lookup } from './spelling';

export interface InitializerNote {
  /** Keras's identifier. */
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
  readonly fits: string | null;
  /** What a particular library does otherwise than the name says. */
  readonly traps: { readonly tfjs?: string; readonly keras?: string; readonly torch?: string };
}

/** tensorflow/tfjs#8594: 0.777 is the variance of a normal distribution cut at two standard deviations (0.8796²). */
const TRUNCATION =
  'tfjs truncates at two standard deviations without correcting: the realized variance is 0.777 of the nominal one (tensorflow/tfjs#8594).';
const DEFAULT_TORCH =
  'PyTorch initializes Linear and convolution layers with kaiming_uniform_(a=√5), which is U(-1/√fan-in, 1/√fan-in): a sixth of the variance that He asks for before ReLU.';

const row = (
  spellings: string,
  name: string,
  title: string,
  meaning: string,
  fits: string | null,
  traps: InitializerNote['traps'] = {},
): readonly [string, InitializerNote] => [spellings, { name, title, meaning, fits, traps }];

/** The initialiser that a library calls `name` in any spelling; null if it is not one. */
const find = lookup<InitializerNote>([
  row(
    'henormal kaimingnormal msranormal msra',
    'he_normal',
    'He normal (Kaiming)',
    'Normal with variance 2/fan-in: keeps the second moment through ReLU layers.',
    'ReLU and its relatives.',
    {
      tfjs: `${TRUNCATION} Deep ReLU stacks lose signal with it: prefer heUniform.`,
      torch:
        "The defaults are a = 0, mode = 'fan_in', nonlinearity = 'leaky_relu', which is the gain √2 of ReLU; pass nonlinearity for other activations.",
    },
  ),
  row(
    'heuniform kaiminguniform',
    'he_uniform',
    'He uniform (Kaiming)',
    'Uniform in ±√(6/fan-in), variance 2/fan-in: keeps the second moment through ReLU layers.',
    'ReLU and its relatives.',
    { torch: DEFAULT_TORCH },
  ),
  row(
    'glorotnormal xaviernormal',
    'glorot_normal',
    'Glorot normal (Xavier)',
    'Normal with variance 2/(fan-in + fan-out).',
    'tanh, sigmoid, softmax and linear layers; a deep ReLU stack halves the second moment at every layer with it.',
    {
      tfjs: TRUNCATION,
      torch: 'The default gain is 1; torch.nn.init.calculate_gain gives 5/3 for tanh.',
    },
  ),
  row(
    'glorotuniform xavieruniform xavier',
    'glorot_uniform',
    'Glorot uniform (Xavier)',
    'Uniform in ±√(6/(fan-in + fan-out)), variance 2/(fan-in + fan-out).',
    'tanh, sigmoid, softmax and linear layers; a deep ReLU stack halves the second moment at every layer with it.',
    {
      keras: 'The default of Dense and convolution layers.',
      torch: 'The default gain is 1; torch.nn.init.calculate_gain gives 5/3 for tanh.',
    },
  ),
  row('lecunnormal', 'lecun_normal', 'LeCun normal', 'Normal with variance 1/fan-in.', 'SELU; also tanh.', {
    tfjs: TRUNCATION,
  }),
  row(
    'lecununiform',
    'lecun_uniform',
    'LeCun uniform',
    'Uniform in ±√(3/fan-in), variance 1/fan-in.',
    'SELU; also tanh.',
  ),
  row(
    'randomnormal normal',
    'random_normal',
    'Normal',
    'Normal with a fixed standard deviation, whatever the size of the layer.',
    'Only where the standard deviation suits the fan-in: √(2/fan-in) before ReLU.',
    {
      keras: 'The default standard deviation is 0.05.',
      tfjs: 'The default standard deviation is 0.05.',
      torch: 'The default standard deviation is 1.',
    },
  ),
  row(
    'truncatednormal truncnormal',
    'truncated_normal',
    'Truncated normal',
    'Normal with a fixed standard deviation, cut at two of them.',
    'Only where the standard deviation suits the fan-in: √(2/fan-in) before ReLU.',
    {
      keras: 'The default standard deviation is 0.05.',
      torch: 'The default standard deviation is 1, cut at -2 and 2.',
    },
  ),
  row(
    'randomuniform uniform',
    'random_uniform',
    'Uniform',
    'Uniform between fixed limits, whatever the size of the layer.',
    'Only where the limits suit the fan-in: ±√(6/fan-in) before ReLU.',
    {
      keras: 'The default limits are ±0.05.',
      tfjs: 'The default limits are ±0.05.',
      torch: 'The default limits are 0 and 1: the mean is not 0.',
    },
  ),
  row(
    'zeros zero',
    'zeros',
    'Zeros',
    'Every weight starts at 0.',
    'Biases, and the last layer of a residual branch. A hidden kernel of zeros never breaks its symmetry.',
  ),
  row(
    'ones one',
    'ones',
    'Ones',
    'Every weight starts at 1.',
    'The scale of a normalization. A hidden kernel of ones keeps all units equal.',
  ),
  row(
    'constant const',
    'constant',
    'Constant',
    'Every weight starts at the same value.',
    'Biases. A hidden kernel of equal weights keeps all units equal.',
  ),
  row(
    'identity eye',
    'identity',
    'Identity',
    'The identity matrix.',
    'Recurrent kernels and layers meant to pass their input on.',
  ),
  row(
    'dirac',
    'dirac',
    'Dirac',
    'A convolution that passes its input on.',
    'Convolutions meant to pass their input on.',
  ),
  row(
    'orthogonal',
    'orthogonal',
    'Orthogonal',
    'A random orthogonal matrix: keeps lengths.',
    'Recurrent kernels; deep stacks, with the gain of the activation (√2 for ReLU).',
    { keras: 'The default of recurrent kernels.' },
  ),
  row('sparse', 'sparse', 'Sparse', 'Mostly zeros, the rest normal.', null),
  row(
    'variancescaling',
    'variance_scaling',
    'Variance scaling',
    'Variance scale/fan, with the fan chosen by mode: He is scale 2 with fan-in, Glorot scale 1 with the average.',
    null,
    { tfjs: TRUNCATION },
  ),
]);

export const initializerNote = (name: string): InitializerNote | null =>
  find(name.replace(/_?initializer$/i, '').replace(/^(tf_|init_)/, ''));
