/**
 * Convolutions beyond those of tfjs-layers 4.22.0: in groups, depthwise ones with dilation or in one dimension,
 * separable and transposed ones in one dimension. Weights and shapes are those of Keras. One dimension is computed as two with a height of 1.
 */

import * as tf from '@tensorflow/tfjs-core';
import { type ActivationObject, activationObject } from './activationObject';
import { type Config, known, type LayerVariable, OwnLayer, type Shape } from './ownLayer';

abstract class Convolving extends OwnLayer {
  readonly dataFormat: string;
  readonly activation: ActivationObject;
  protected readonly padding: string;
  /** `[height, width]` each; the height is 1 in one dimension. */
  protected readonly kernelSize: readonly [number, number];
  protected readonly strides: readonly [number, number];
  protected readonly dilation: readonly [number, number];
  protected bias: LayerVariable | null = null;

  constructor(
    config: Config,
    private readonly kerasClass: string,
    protected readonly rank: 1 | 2,
  ) {
    super(config);
    this.supportsMasking = false;
    this.dataFormat = this.channelsFirst ? 'channelsFirst' : 'channelsLast';
    this.activation = activationObject(config['activation']);
    this.padding = this.text('padding', 'valid');
    this.kernelSize = this.pair('kernelSize');
    this.strides = this.pair('strides');
    this.dilation = this.pair('dilationRate');
  }

  override getClassName(): string {
    return this.kerasClass;
  }

  private pair(key: string): [number, number] {
    const values = this.numbers(key, this.rank, 1);
    return this.rank === 1 ? [1, values[0]] : [values[0], values[1]];
  }

  protected get filters(): number {
    return this.number('filters', 1);
  }

  protected channels(shape: Shape): number {
    return known(shape, this.channelsFirst ? 1 : -1);
  }

  /** A kernel's shape as Keras stores it: without the height in one dimension. */
  protected kernelShape(size: readonly [number, number], first: number, second: number): number[] {
    return [...(this.rank === 1 ? [size[1]] : size), first, second];
  }

  protected addBias(size: number): void {
    if (this.flag('useBias', true)) this.bias = this.weight('bias', [size]);
  }

  /** Number of channels that come out. */
  protected abstract outputChannels(input: Shape): number;

  /** Length of an output axis. */
  protected length(size: number, axis: 0 | 1): number {
    if (this.padding === 'same' || this.padding === 'causal') return Math.ceil(size / this.strides[axis]);
    const window = (this.kernelSize[axis] - 1) * this.dilation[axis] + 1;
    return Math.ceil((size - window + 1) / this.strides[axis]);
  }

  protected override resultShape([shape]: readonly Shape[]): Shape {
    const spatial = this.channelsFirst ? shape.slice(2) : shape.slice(1, -1);
    const sizes = spatial.map((size, i) => (size === null ? null : this.length(size, (i + 2 - this.rank) as 0 | 1)));
    const channels = this.outputChannels(shape);
    return this.channelsFirst ? [shape[0], channels, ...sizes] : [shape[0], ...sizes, channels];
  }

  protected run([input]: readonly tf.Tensor[]): tf.Tensor {
    const last = this.channelsFirst ? tf.transpose(input, this.rank === 1 ? [0, 2, 1] : [0, 2, 3, 1]) : input;
    const image = this.rank === 1 ? tf.expandDims(last, 1) : last;
    const convolved = this.convolve(image as tf.Tensor4D);
    const biased = this.bias === null ? convolved : tf.add(convolved, this.bias.read());
    const output = this.rank === 1 ? tf.squeeze(biased, [1]) : biased;
    return this.activation.apply(
      this.channelsFirst ? tf.transpose(output, this.rank === 1 ? [0, 2, 1] : [0, 3, 1, 2]) : output,
    );
  }

  /** `[samples, height, width, channels]`, without bias and activation. */
  protected abstract convolve(x: tf.Tensor4D): tf.Tensor;

  /** Puts zeros before the first step, so that no output sees a later input. */
  protected padCausally(x: tf.Tensor4D): tf.Tensor4D {
    if (this.padding !== 'causal') return x;
    return tf.pad(x, [
      [0, 0],
      [0, 0],
      [(this.kernelSize[1] - 1) * this.dilation[1], 0],
      [0, 0],
    ]);
  }

  protected get tfPadding(): 'same' | 'valid' {
    return this.padding === 'same' ? 'same' : 'valid';
  }

  /** The kernel with its height and with zeros between its taps: tfjs has no gradient for dilated convolutions. */
  protected window(kernel: LayerVariable): tf.Tensor4D {
    const value = kernel.read();
    const [height, width, first, second] = this.rank === 1 ? [1, ...value.shape] : value.shape;
    const rows = spread(tf.reshape(value, [1, height, width * first * second]), this.dilation[0]);
    const tall = rows.shape[1]!;
    const columns = spread(tf.reshape(rows, [tall, width, first * second]), this.dilation[1]);
    return tf.reshape(columns, [tall, columns.shape[1]!, first, second]);
  }
}

/** `[a, n, b]` to `[a, (n - 1) * by + 1, b]` with zeros between. */
function spread(x: tf.Tensor, by: number): tf.Tensor {
  if (by === 1) return x;
  const [a, n, b] = x.shape as [number, number, number];
  const gaps = tf.pad(tf.reshape(x, [a, n, 1, b]), [
    [0, 0],
    [0, 0],
    [0, by - 1],
    [0, 0],
  ]);
  return tf.slice(tf.reshape(gaps, [a, n * by, b]), [0, 0, 0], [a, (n - 1) * by + 1, b]);
}

/** Conv1D and Conv2D in groups. */
export class Convolution extends Convolving {
  private kernel: LayerVariable | null = null;
  private readonly groups = this.number('groups', 1);

  override build(inputShape: Shape | Shape[]): void {
    const channels = this.channels(inputShape as Shape);
    this.kernel = this.weight('kernel', this.kernelShape(this.kernelSize, channels / this.groups, this.filters));
    this.addBias(this.filters);
    super.build(inputShape);
  }

  protected outputChannels(): number {
    return this.filters;
  }

  protected convolve(x: tf.Tensor4D): tf.Tensor {
    const image = this.padCausally(x);
    const parts = tf.split<tf.Tensor4D>(image, this.groups, 3);
    const kernels = tf.split<tf.Tensor4D>(this.window(this.kernel!), this.groups, 3);
    return tf.concat(
      parts.map((part, i) => tf.conv2d(part, kernels[i], [...this.strides], this.tfPadding)),
      3,
    );
  }
}

/** DepthwiseConv1D and -2D, SeparableConv1D and -2D. */
export class DepthwiseConvolution extends Convolving {
  private depthwise: LayerVariable | null = null;
  private pointwise: LayerVariable | null = null;

  override build(inputShape: Shape | Shape[]): void {
    const channels = this.channels(inputShape as Shape);
    const multiplier = this.number('depthMultiplier', 1);
    this.depthwise = this.weight('depthwise_kernel', this.kernelShape(this.kernelSize, channels, multiplier));
    if (this.separable) {
      this.pointwise = this.weight('pointwise_kernel', this.kernelShape([1, 1], channels * multiplier, this.filters));
    }
    this.addBias(this.outputChannels(inputShape as Shape));
    super.build(inputShape);
  }

  private get separable(): boolean {
    return this.getClassName().startsWith('Separable');
  }

  protected outputChannels(input: Shape): number {
    return this.separable ? this.filters : this.channels(input) * this.number('depthMultiplier', 1);
  }

  protected convolve(x: tf.Tensor4D): tf.Tensor {
    // tfjs wants one stride for both axes; on a height of 1 any will do.
    const stride = this.strides[1];
    const deep = tf.depthwiseConv2d(
      this.padCausally(x),
      this.window(this.depthwise!),
      [stride, stride],
      this.tfPadding,
    );
    if (this.pointwise === null) return deep;
    const kernel = tf.reshape<tf.Rank.R4>(this.pointwise.read(), [1, 1, -1, this.filters]);
    return tf.conv2d(deep, kernel, 1, 'valid');
  }
}

export class Conv1DTranspose extends Convolving {
  private kernel: LayerVariable | null = null;

  constructor(config: Config) {
    super(config, 'Conv1DTranspose', 1);
    if (this.dilation[1] !== 1) throw new Error('a dilated transposed convolution cannot be computed');
    if (config['outputPadding'] !== undefined && config['outputPadding'] !== null) {
      throw new Error('outputPadding cannot be computed');
    }
  }

  override build(inputShape: Shape | Shape[]): void {
    // Output channels come before input channels.
    const channels = this.channels(inputShape as Shape);
    this.kernel = this.weight('kernel', this.kernelShape(this.kernelSize, this.filters, channels));
    this.addBias(this.filters);
    super.build(inputShape);
  }

  protected outputChannels(): number {
    return this.filters;
  }

  protected override length(size: number, axis: 0 | 1): number {
    const stride = this.strides[axis];
    return size * stride + (this.padding === 'same' ? 0 : Math.max(this.kernelSize[axis] - stride, 0));
  }

  protected convolve(x: tf.Tensor4D): tf.Tensor {
    const [samples, height, width] = x.shape;
    const shape: [number, number, number, number] = [samples, height, this.length(width, 1), this.filters];
    return tf.conv2dTranspose(x, this.window(this.kernel!), shape, [1, this.strides[1]], this.tfPadding);
  }
}
