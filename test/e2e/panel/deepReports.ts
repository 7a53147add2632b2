/** Networks whose signals vanish: 50 sigmoid layers, 200 ReLU layers. */

import { reportOf, suggestion, type LayerSketch } from './reportBuilder';
import { HE_CODE } from './sampleCode';

const stack = Array.from({ length: 50 }, (_, index): LayerSketch => {
  const last = index === 49;
  return {
    name: `dense_${index + 1}`,
    activation: last ? 'softmax' : 'sigmoid',
    units: last ? 10 : 64,
    role: last ? 'output' : 'hidden',
    mean: 0,
    spread: 0.52,
    variance: last ? 1e-12 : Math.max(1e-9, 0.01 * 0.5 ** index),
    gradient: last ? 0.039 : 0.021 * 0.237 ** (48 - index),
    share: 0.96,
    expectedGain: 0.056,
    kernel: { spread: 0.125, nominal: 0.125, initializer: 'GlorotUniform' },
  };
});
export const sigmoid50 = reportOf({
  name: 'sigmoid-stack',
  input: [784],
  output: [10],
  parameters: 247_000,
  layers: stack,
  findings: [
    {
      rule: 'vanishing-gradient',
      severity: 'error',
      layer: 'dense_1',
      alsoIn: stack.slice(1, 43).map(({ name }) => name),
      title: 'gradient shrinks 9.8e29×',
      measured: ['The gradient is 0.17 per sample at dense_49 and 1.7e-31 at dense_1, 9.8e29× less.'],
      cause: {
        id: 'activation',
        title: 'The sigmoid activation',
        explanation:
          '49 of 49 hidden layers are sigmoid; their measured mean derivative is 0.24. A sigmoid’s derivative is at most 1/4; that bound leaves the weights out of account.',
      },
      why: 'Layers that get hardly any gradient do not learn: only the last ones train.',
      suggestions: [
        suggestion(
          'replace-saturating',
          'ReLU in place of sigmoid, with He initialisation',
          'The derivative of ReLU is 1 where it is active. Units can die; watch them.',
          HE_CODE,
          {
            quantity: 'gradient at dense_1, relative to dense_49',
            before: 1e-30,
            after: 0.62,
            how: 'Measured on a copy, freshly initialised, 8 seeds.',
          },
        ),
        suggestion(
          'batch-normalization',
          'Batch normalisation before the activation',
          'Keeps the input of each sigmoid near 0, where its slope is largest.',
          HE_CODE,
          {
            quantity: 'gradient at dense_1, relative to dense_49',
            before: 1e-30,
            after: 0.14,
            how: 'Measured on a copy, freshly initialised, 8 seeds.',
          },
        ),
      ],
    },
    {
      rule: 'vanishing-signal',
      severity: 'warning',
      layer: 'dense_30',
      alsoIn: stack.slice(30, 49).map(({ name }) => name),
      title: 'signal shrinks 1e7×',
      measured: ['The variance across samples is 0.01 at dense_1 and 1e-9 at dense_30.'],
      why: 'Layers behind this point cannot tell one sample from another, so they have nothing to learn from.',
    },
  ],
});

const deep = Array.from({ length: 200 }, (_, index): LayerSketch => {
  const last = index === 199;
  const conv = index < 120;
  return {
    name: last
      ? 'predictions'
      : conv
        ? `block_${Math.floor(index / 10) + 1}/conv_${index + 1}`
        : `dense_${index - 119}`,
    className: conv ? 'Conv2D' : 'Dense',
    activation: last ? 'softmax' : 'relu',
    units: last ? 10 : 16,
    role: last ? 'output' : 'hidden',
    outputShape: conv ? [8, 8, 16] : [last ? 10 : 16],
    dead: last ? {} : { confident: Math.floor(index / 60), suspected: index % 7 === 0 ? 1 : 0 },
    variance: last ? 0.1 : 0.5 * 0.89 ** index,
    gradient: (last ? 0.036 : 1.5e-3 * 1.014 ** index) / (conv ? 8 : 1),
    kernel: { spread: 0.22, nominal: 0.25, initializer: 'HeNormal' },
  };
});
export const deep200 = reportOf({
  name: 'deep-relu',
  input: [32, 32, 3],
  output: [10],
  parameters: 1_312_000,
  layers: deep,
  findings: [
    {
      rule: 'vanishing-signal',
      severity: 'error',
      layer: 'dense_79',
      alsoIn: deep.slice(110, 198).map(({ name }) => name),
      title: 'signal shrinks 1.1e10×',
      measured: ['The variance across samples is 0.5 at block_1/conv_1 and 4.7e-11 at dense_79.'],
      why: 'Layers behind this point cannot tell one sample from another, so they have nothing to learn from.',
    },
    {
      rule: 'poor-initialization',
      severity: 'warning',
      layer: 'block_6/conv_60',
      alsoIn: deep.slice(60, 110).map(({ name }) => name),
      title: 'weights drawn 1.1× too small',
      measured: [
        'Over 51 layers the kernels are on average 1.1 times smaller than the initialisation that fits their activation.',
      ],
      why: 'A small loss in every layer multiplies up.',
    },
  ],
});
