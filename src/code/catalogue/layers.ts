import { activationNote } from './activations';
import { normalized } from './spelling';

export type LayerRole =
  /** Has a kernel whose outputs an activation follows. */
  | 'dense'
  | 'convolution'
  | 'recurrent'
  | 'embedding'
  | 'attention'
  | 'activation'
  | 'normalization'
  /** Makes plain numbers of bytes: Rescaling, Normalization. */
  | 'scaling'
  /** Changes neither the units' values nor their order: Dropout, noise. */
  | 'dropout'
  | 'pooling'
  | 'shape'
  | 'merge'
  | 'input'
  /** Wraps another layer. */
  | 'wrapper'
  /** A random or image operation before the network. */
  | 'augmentation'
  | 'other';

export interface LayerNote {
  /** Keras's class name, PyTorch's where Keras has none. */
  readonly kind: string;
  readonly role: LayerRole;
  readonly meaning: string;
  /** Names of positional arguments in Keras. */
  readonly positional: readonly string[];
  /** What the layer applies when no activation is given; null where it takes none. */
  readonly activation: string | null;
}

const ROWS: LayerNote[] = [];
const add = (
  kinds: string,
  role: LayerRole,
  meaning: string,
  positional = '',
  activation: string | null = null,
): void => {
  for (const kind of kinds.split(' '))
    ROWS.push({ kind, role, meaning, positional: positional === '' ? [] : positional.split(' '), activation });
};

const CONVOLUTION = 'filters kernel_size strides padding';
add(
  'Dense',
  'dense',
  'Fully connected: every output is a weighted sum of all inputs.',
  'units activation use_bias kernel_initializer bias_initializer',
  'linear',
);
add(
  'Conv1D Conv2D Conv3D',
  'convolution',
  'Convolution: one kernel per filter, shared over all positions.',
  CONVOLUTION,
  'linear',
);
add(
  'Conv1DTranspose Conv2DTranspose Conv3DTranspose',
  'convolution',
  'Transposed convolution: learned upsampling.',
  CONVOLUTION,
  'linear',
);
add(
  'SeparableConv1D SeparableConv2D',
  'convolution',
  'A depthwise convolution followed by a pointwise one.',
  CONVOLUTION,
  'linear',
);
add(
  'DepthwiseConv1D DepthwiseConv2D',
  'convolution',
  'One kernel per input channel, channels not mixed.',
  'kernel_size strides padding',
  'linear',
);
add(
  'LocallyConnected1D LocallyConnected2D',
  'convolution',
  'A convolution whose weights are not shared over positions.',
  CONVOLUTION,
  'linear',
);
add('Bilinear', 'dense', 'A bilinear form of two inputs.', '', 'linear');
add(
  'SimpleRNN',
  'recurrent',
  'Plain recurrent layer: the state passes through one activation per step.',
  'units activation',
  'tanh',
);
add('RNN', 'recurrent', 'Recurrent layer around a cell.', '', null);
add(
  'LSTM ConvLSTM2D LSTMCell',
  'recurrent',
  'Long short-term memory: sigmoid gates around a tanh state.',
  'units activation recurrent_activation',
  'tanh',
);
add(
  'GRU GRUCell SimpleRNNCell',
  'recurrent',
  'Gated recurrent unit: sigmoid gates around a tanh state.',
  'units activation recurrent_activation',
  'tanh',
);
add('Embedding EmbeddingBag', 'embedding', 'A learned vector for each index.', 'input_dim output_dim');
add('MultiHeadAttention Attention AdditiveAttention', 'attention', 'Attention: a softmax-weighted average of values.');
add(
  'TransformerEncoderLayer TransformerDecoderLayer TransformerEncoder TransformerDecoder Transformer',
  'attention',
  'A transformer block: attention and a feed-forward network with residual connections.',
);
add('Activation', 'activation', 'Applies an activation on its own.', 'activation', 'linear');
add('ReLU', 'activation', 'Applies ReLU.', 'max_value negative_slope threshold');
add('LeakyReLU ELU', 'activation', 'Applies the activation.', 'alpha');
add(
  'PReLU Softmax ThresholdedReLU SELU CELU ReLU6 RReLU GELU SiLU Mish Sigmoid Hardsigmoid Tanh Hardtanh Hardswish Softplus Softsign LogSoftmax LogSigmoid Softmax2d Softmin Threshold Tanhshrink Hardshrink Softshrink GLU',
  'activation',
  'Applies the activation.',
);
add(
  'BatchNormalization',
  'normalization',
  'Brings every feature to mean 0 and variance 1 over the batch, then scales and shifts it.',
);
add(
  'LayerNormalization GroupNormalization InstanceNormalization UnitNormalization RMSNormalization LocalResponseNorm SpectralNormalization',
  'normalization',
  'Brings the features of each sample to a common scale.',
);
add('Rescaling', 'scaling', 'Multiplies by a scale and adds an offset.', 'scale offset');
add('Normalization', 'scaling', 'Standardizes the inputs with the mean and variance of the training data.');
add(
  'Dropout AlphaDropout SpatialDropout1D SpatialDropout2D SpatialDropout3D FeatureAlphaDropout GaussianDropout',
  'dropout',
  'Sets random entries to 0 during training.',
  'rate',
);
add('GaussianNoise ActivityRegularization', 'dropout', 'Acts only during training.');
add('Identity', 'dropout', 'Passes its input on.');
add(
  'MaxPooling1D MaxPooling2D MaxPooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D AdaptiveMaxPool1d AdaptiveMaxPool2d',
  'pooling',
  'The largest value of each window.',
  'pool_size strides padding',
);
add(
  'AveragePooling1D AveragePooling2D AveragePooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d',
  'pooling',
  'The mean of each window.',
  'pool_size strides padding',
);
add(
  'Flatten Reshape Permute RepeatVector Unflatten Masking PixelShuffle',
  'shape',
  'Changes the shape, not the values.',
);
add(
  'UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D Upsample ConstantPad2d ReflectionPad2d ReplicationPad2d',
  'shape',
  'Resizes or pads.',
);
add('Add Subtract Multiply Average Maximum Minimum Concatenate Dot', 'merge', 'Joins several inputs.');
add('InputLayer Input', 'input', 'Declares an input of the network.');
add('TimeDistributed Bidirectional Wrapper', 'wrapper', 'Applies a layer to every step, or in both directions.');
add(
  'RandomFlip RandomRotation RandomZoom RandomCrop RandomContrast RandomTranslation RandomBrightness Resizing CenterCrop RandomHeight RandomWidth',
  'augmentation',
  'Prepares or varies images.',
);
add(
  'CategoryEncoding Hashing StringLookup IntegerLookup TextVectorization Discretization',
  'augmentation',
  'Prepares categories or text.',
);
add('Lambda', 'other', 'Any function as a layer.');

const BY_NAME = new Map(ROWS.map((row) => [normalized(row.kind), row]));
const ALIASES: Readonly<Record<string, string>> = {
  convolution1d: 'Conv1D',
  convolution2d: 'Conv2D',
  convolution3d: 'Conv3D',
  deconvolution2d: 'Conv2DTranspose',
  deconv2d: 'Conv2DTranspose',
  maxpool1d: 'MaxPooling1D',
  maxpool2d: 'MaxPooling2D',
  maxpool3d: 'MaxPooling3D',
  avgpool1d: 'AveragePooling1D',
  avgpool2d: 'AveragePooling2D',
  avgpool3d: 'AveragePooling3D',
  globalavgpool2d: 'GlobalAveragePooling2D',
  globalmaxpool2d: 'GlobalMaxPooling2D',
  cudnnlstm: 'LSTM',
  cudnngru: 'GRU',
  leakyrelu: 'LeakyReLU',
  batchnorm: 'BatchNormalization',
  layernorm: 'LayerNormalization',
};
const TORCH: Readonly<Record<string, string>> = {
  Linear: 'Dense',
  LazyLinear: 'Dense',
  ConvTranspose1d: 'Conv1DTranspose',
  ConvTranspose2d: 'Conv2DTranspose',
  ConvTranspose3d: 'Conv3DTranspose',
  LazyConv2d: 'Conv2D',
  LazyConv1d: 'Conv1D',
  BatchNorm1d: 'BatchNormalization',
  BatchNorm2d: 'BatchNormalization',
  BatchNorm3d: 'BatchNormalization',
  LazyBatchNorm2d: 'BatchNormalization',
  SyncBatchNorm: 'BatchNormalization',
  LayerNorm: 'LayerNormalization',
  GroupNorm: 'GroupNormalization',
  InstanceNorm1d: 'InstanceNormalization',
  InstanceNorm2d: 'InstanceNormalization',
  InstanceNorm3d: 'InstanceNormalization',
  RMSNorm: 'RMSNormalization',
  Dropout1d: 'SpatialDropout1D',
  Dropout2d: 'SpatialDropout2D',
  Dropout3d: 'SpatialDropout3D',
  MultiheadAttention: 'MultiHeadAttention',
  ZeroPad2d: 'ZeroPadding2D',
  UpsamplingBilinear2d: 'Upsample',
  UpsamplingNearest2d: 'Upsample',
  RNN: 'SimpleRNN',
};

/** The layer that Keras or tfjs calls `name`; null if it is not known. */
export function layerNote(name: string): LayerNote | null {
  const key = normalized(name);
  const alias = Object.hasOwn(ALIASES, key) ? ALIASES[key] : null;
  return BY_NAME.get(alias === null ? key : normalized(alias)) ?? null;
}

/** The layer that PyTorch's `torch.nn` calls `name`; null if it is not known. */
export const torchLayerNote = (name: string): LayerNote | null =>
  layerNote(Object.hasOwn(TORCH, name) ? TORCH[name] : name);

/** Positional arguments of PyTorch's layers, by the names that the facts use. */
export function torchPositional(note: LayerNote, written: string): readonly string[] {
  if (written.startsWith('Lazy')) return ['units', 'use_bias'];
  switch (note.role) {
    case 'dense':
      return ['in_features', 'units', 'use_bias'];
    case 'convolution':
      return note.kind.endsWith('Transpose')
        ? ['in_features', 'units', 'kernel_size', 'strides', 'padding', 'output_padding', 'groups', 'use_bias']
        : ['in_features', 'units', 'kernel_size', 'strides', 'padding', 'dilation', 'groups', 'use_bias'];
    case 'recurrent':
      return ['in_features', 'units', 'num_layers'];
    case 'embedding':
      return ['input_dim', 'output_dim'];
    case 'activation':
      return written === 'LeakyReLU' || written === 'ELU' || written === 'CELU' ? ['alpha', 'inplace'] : ['inplace'];
    default:
      return [];
  }
}

/** The activation that an activation layer called `written` applies; null where it is an argument (`Activation`). */
export const activationOfLayer = (written: string): string | null => activationNote(written)?.name ?? null;
