/** Which classes of Keras are built from our own layers, because tfjs-layers 4.22.0 lacks them or differs. */

import type { Layer } from './layerFacts';
import { AdditiveAttention, Attention, MultiHeadAttention } from './layers/attention';
import { Conv1DTranspose, Convolution, DepthwiseConvolution } from './layers/convolutions';
import { AveragePooling3D, Conv3D, MaxPooling3D } from './layers/volumes';
import { CenterCrop, RandomCrop, Resizing } from './layers/images';
import {
  GroupNormalization,
  InstanceNormalization,
  RMSNormalization,
  UnitNormalization,
} from './layers/normalizations';
import type { Config } from './layers/ownLayer';
import { CategoryEncoding, Discretization, Normalization, Rescaling } from './layers/preprocessing';
import { ELU, ReLU } from './layers/rectifiers';
import { CuDNNGRU, CuDNNLSTM, ResetAfterGRU } from './layers/recurrent';
import {
  Cropping1D,
  Cropping3D,
  GlobalPooling,
  PassThrough,
  Subtract,
  UpSampling1D,
  UpSampling3D,
  ZeroPadding1D,
  ZeroPadding3D,
} from './layers/shaping';

type Constructor = new (config: Config) => Layer;

const CLASSES: Readonly<Record<string, Constructor>> = {
  AdditiveAttention,
  Attention,
  MultiHeadAttention,
  Conv1DTranspose,
  Conv3D,
  AveragePooling3D,
  MaxPooling3D,
  CenterCrop,
  RandomCrop,
  Resizing,
  GroupNormalization,
  InstanceNormalization,
  RMSNormalization,
  UnitNormalization,
  CategoryEncoding,
  Discretization,
  Normalization,
  Rescaling,
  ELU,
  ReLU,
  CuDNNGRU,
  CuDNNLSTM,
  Cropping1D,
  Cropping3D,
  Subtract,
  UpSampling1D,
  UpSampling3D,
  ZeroPadding1D,
  ZeroPadding3D,
};

/** Layers that do nothing in inference. */
const PASS_THROUGH = new Set([
  'Identity',
  'ActivityRegularization',
  'AddLoss',
  'AddMetric',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
  'RandomFlip',
  'RandomRotation',
  'RandomZoom',
  'RandomTranslation',
  'RandomContrast',
  'RandomBrightness',
  'RandomHeight',
  'RandomWidth',
  'RandomShear',
  'RandomHue',
  'RandomSaturation',
  'RandomColorJitter',
  'RandomColorDegeneration',
  'RandomGrayscale',
  'RandomGaussianBlur',
  'RandomInvert',
  'RandomPosterization',
  'RandomSharpness',
  'RandomErasing',
  'RandomPerspective',
  'RandomElasticTransform',
  'AutoContrast',
  'AugMix',
  'CutMix',
  'MixUp',
  'RandAugment',
]);

/** Keras has called some classes by several names. */
const ALIASES: Readonly<Record<string, string>> = {
  Convolution1D: 'Conv1D',
  Convolution2D: 'Conv2D',
  Convolution3D: 'Conv3D',
  Convolution2DTranspose: 'Conv2DTranspose',
  Convolution1DTranspose: 'Conv1DTranspose',
  AtrousConvolution1D: 'Conv1D',
  AtrousConvolution2D: 'Conv2D',
  Deconvolution2D: 'Conv2DTranspose',
  TimeDistributedDense: 'Dense',
  SeparableConvolution1D: 'SeparableConv1D',
  SeparableConvolution2D: 'SeparableConv2D',
  DepthwiseConvolution2D: 'DepthwiseConv2D',
  BatchNormalizationV1: 'BatchNormalization',
  BatchNormalizationV2: 'BatchNormalization',
  SyncBatchNormalization: 'BatchNormalization',
  LSTMV2: 'LSTM',
  GRUV2: 'GRU',
  GlobalAvgPool1D: 'GlobalAveragePooling1D',
  GlobalAvgPool2D: 'GlobalAveragePooling2D',
  GlobalAvgPool3D: 'GlobalAveragePooling3D',
  GlobalMaxPool1D: 'GlobalMaxPooling1D',
  GlobalMaxPool2D: 'GlobalMaxPooling2D',
  GlobalMaxPool3D: 'GlobalMaxPooling3D',
  AvgPool1D: 'AveragePooling1D',
  AvgPool2D: 'AveragePooling2D',
  AvgPool3D: 'AveragePooling3D',
  MaxPool1D: 'MaxPooling1D',
  MaxPool2D: 'MaxPooling2D',
  MaxPool3D: 'MaxPooling3D',
};

export const canonicalClass = (className: string): string =>
  Object.hasOwn(ALIASES, className) ? ALIASES[className] : className;

/** Our layer for the class with this configuration, or null where tfjs' own does as Keras does. */
export function ownLayer(className: string, config: Config): Layer | null {
  if (PASS_THROUGH.has(className)) return new PassThrough(config, className);
  if (Object.hasOwn(CLASSES, className)) return new CLASSES[className](config);
  if (/^Global(?:Average|Max)Pooling[123]D$/.test(className)) {
    const supported = !className.endsWith('3D') && config['keepdims'] !== true;
    return supported ? null : new GlobalPooling(config, className);
  }
  if (className === 'GRU') return config['resetAfter'] === true ? new ResetAfterGRU(config) : null;
  const rank = className.endsWith('1D') ? 1 : 2;
  if (/^Conv[12]D$/.test(className)) {
    return isOne(config['groups']) ? null : new Convolution(config, className, rank);
  }
  if (/^(?:Depthwise|Separable)Conv[12]D$/.test(className)) {
    const plain = rank === 2 && isOne(config['dilationRate']);
    return plain ? null : new DepthwiseConvolution(config, className, rank);
  }
  return null;
}

/** Absent, 1 or a list of ones. */
const isOne = (value: unknown): boolean => [value ?? 1].flat().every((item) => item === 1);
