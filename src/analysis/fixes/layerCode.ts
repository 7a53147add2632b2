import type { LayerReport, Suggestion } from '../../report/report';

/** What a fix changes about a layer's configuration; names are those of Keras. */
export interface LayerChange {
  /** An activation inside the layer; null leaves it linear. */
  readonly activation?: string | null;
  readonly kernelInitializer?: { readonly tfjs: string; readonly keras: string };
  readonly recurrentInitializer?: { readonly tfjs: string; readonly keras: string };
  readonly biasInitializer?: { readonly tfjs: string; readonly keras: string };
  readonly useBias?: boolean;
}

const CAMEL: Readonly<Record<string, string>> = { hard_sigmoid: 'hardSigmoid', log_softmax: 'logSoftmax' };

/** The call that creates this layer with the change made, in both libraries; null for classes that the fix does not know how to write. */
export function layerCode(layer: LayerReport, change: LayerChange): NonNullable<Suggestion['code']> {
  const kernel = layer.weights.find(({ fanIn }) => fanIn !== null);
  const make = CONSTRUCTORS[layer.className];
  if (make === undefined || kernel === undefined) return { tfjs: null, keras: null };
  const size = make.size(kernel.shape, layer.units ?? 0);
  const activation = change.activation === undefined ? layer.activation : change.activation;
  const { kernelInitializer, recurrentInitializer, biasInitializer, useBias } = change;
  const tfjs = [
    ...size.map(([name, value]) => `${name}: ${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}`),
    ...(activation === null || activation === 'linear' ? [] : [`activation: '${CAMEL[activation] ?? activation}'`]),
    ...(kernelInitializer === undefined ? [] : [`${make.initializer[0]}: ${kernelInitializer.tfjs}`]),
    ...(recurrentInitializer === undefined ? [] : [`recurrentInitializer: ${recurrentInitializer.tfjs}`]),
    ...(biasInitializer === undefined ? [] : [`biasInitializer: ${biasInitializer.tfjs}`]),
    ...(useBias === undefined ? [] : [`useBias: ${useBias}`]),
  ];
  const keras = [
    ...size.map(([, value]) =>
      Array.isArray(value) ? `(${value.join(', ')}${value.length === 1 ? ',' : ''})` : String(value),
    ),
    ...(activation === null || activation === 'linear' ? [] : [`activation="${activation}"`]),
    ...(kernelInitializer === undefined ? [] : [`${make.initializer[1]}=${kernelInitializer.keras}`]),
    ...(recurrentInitializer === undefined ? [] : [`recurrent_initializer=${recurrentInitializer.keras}`]),
    ...(biasInitializer === undefined ? [] : [`bias_initializer=${biasInitializer.keras}`]),
    ...(useBias === undefined ? [] : [`use_bias=${useBias ? 'True' : 'False'}`]),
  ];
  return {
    tfjs: `tf.layers.${make.tfjs}({ ${tfjs.join(', ')} })`,
    keras: `layers.${layer.className}(${keras.join(', ')})`,
  };
}

type Size = readonly (readonly [name: string, value: number | readonly number[]])[];

interface Constructor {
  readonly tfjs: string;
  /** Name of the initialiser's argument in tfjs and Keras. */
  readonly initializer: readonly [string, string];
  size(kernel: readonly number[], units: number): Size;
}

const KERNEL = ['kernelInitializer', 'kernel_initializer'] as const;
const convolution = (tfjs: string): Constructor => ({
  tfjs,
  initializer: KERNEL,
  size: (kernel, units) => [
    ['filters', units],
    ['kernelSize', kernel.slice(0, -2)],
  ],
});
const recurrent = (tfjs: string): Constructor => ({
  tfjs,
  initializer: KERNEL,
  size: (_kernel, units) => [['units', units]],
});

const CONSTRUCTORS: Readonly<Record<string, Constructor>> = {
  Dense: { tfjs: 'dense', initializer: KERNEL, size: (_kernel, units) => [['units', units]] },
  Conv1D: convolution('conv1d'),
  Conv2D: convolution('conv2d'),
  Conv3D: convolution('conv3d'),
  Conv2DTranspose: convolution('conv2dTranspose'),
  DepthwiseConv2D: {
    tfjs: 'depthwiseConv2d',
    initializer: ['depthwiseInitializer', 'depthwise_initializer'],
    size: (kernel) => [['kernelSize', kernel.slice(0, -2)]],
  },
  SimpleRNN: recurrent('simpleRNN'),
  LSTM: recurrent('lstm'),
  GRU: recurrent('gru'),
};
