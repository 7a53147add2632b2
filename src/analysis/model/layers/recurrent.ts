/** Recurrent layers as cuDNN and TensorFlow 2 define them, with two biases, which tfjs-layers 4.22.0 refuses. */

import * as tf from '@tensorflow/tfjs-core';
import { type GRULayerArgs, layers, RNN, type Shape } from '@tensorflow/tfjs-layers';
import { type ActivationObject, activationObject } from './activationObject';
import { type Config, initializersOf, known, type LayerVariable, shapesOf } from './ownLayer';

/** Gates from the input and from the state before, each with a bias of its own; `gates` blocks of `units` columns. */
abstract class TwoBiasCell extends layers.RNNCell {
  readonly units: number;
  readonly activation: ActivationObject;
  readonly recurrentActivation: ActivationObject;
  abstract override stateSize: number | number[];
  private kernel: LayerVariable | null = null;
  private recurrentKernel: LayerVariable | null = null;
  private bias: LayerVariable | null = null;

  constructor(
    protected readonly config: Config,
    private readonly gates: number,
    private readonly flatBias: boolean,
  ) {
    super(config);
    Object.assign(this, initializersOf(config));
    this.units = Number(config['units']);
    this.activation = activationObject(config['activation'] ?? 'tanh');
    this.recurrentActivation = activationObject(config['recurrentActivation'] ?? 'sigmoid');
  }

  override build(inputShape: Shape | Shape[]): void {
    const columns = this.gates * this.units;
    const add = (name: string, shape: number[]): LayerVariable => this.addWeight(name, shape, 'float32');
    this.kernel = add('kernel', [known(shapesOf(inputShape)[0], -1), columns]);
    this.recurrentKernel = add('recurrent_kernel', [this.units, columns]);
    if (this.config['useBias'] !== false) this.bias = add('bias', this.flatBias ? [2 * columns] : [2, columns]);
    this.built = true;
  }

  /** The products of input and state with the kernels, biases added: `[samples, gates * units]` each. */
  protected products(x: tf.Tensor, h: tf.Tensor): [tf.Tensor, tf.Tensor] {
    const fromInput = tf.matMul(x, this.kernel!.read());
    const fromState = tf.matMul(h, this.recurrentKernel!.read());
    if (this.bias === null) return [fromInput, fromState];
    const [inputBias, recurrentBias] = tf.unstack(tf.reshape(this.bias.read(), [2, -1]));
    return [tf.add(fromInput, inputBias), tf.add(fromState, recurrentBias)];
  }

  override getConfig(): ReturnType<layers.Layer['getConfig']> {
    return { ...super.getConfig(), ...this.config } as ReturnType<layers.Layer['getConfig']>;
  }
}

/** Gates in the order z, r, h; the reset gate acts after the matrix product (Keras: `reset_after=True`). */
class ResetAfterGRUCell extends TwoBiasCell {
  static readonly className = 'ResetAfterGRUCell';
  readonly stateSize: number;

  constructor(config: Config, flatBias: boolean) {
    super(config, 3, flatBias);
    this.stateSize = this.units;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
    return tf.tidy(() => {
      const [x, h] = inputs as tf.Tensor[];
      const [fromInput, fromState] = this.products(x, h);
      const [xz, xr, xh] = tf.split(fromInput, 3, 1);
      const [hz, hr, hh] = tf.split(fromState, 3, 1);
      const z = this.recurrentActivation.apply(tf.add(xz, hz));
      const r = this.recurrentActivation.apply(tf.add(xr, hr));
      const candidate = this.activation.apply(tf.add(xh, tf.mul(r, hh)));
      const next = tf.add(tf.mul(z, h), tf.mul(tf.sub(1, z), candidate));
      return [next, next];
    });
  }
}

/** Gates in the order i, f, c, o. */
class TwoBiasLSTMCell extends TwoBiasCell {
  static readonly className = 'TwoBiasLSTMCell';
  readonly stateSize: number[];

  constructor(config: Config, flatBias: boolean) {
    super(config, 4, flatBias);
    this.stateSize = [this.units, this.units];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
    return tf.tidy(() => {
      const [x, h, c] = inputs as tf.Tensor[];
      const [i, f, candidate, o] = tf.split(tf.add(...this.products(x, h)), 4, 1);
      const kept = tf.mul(this.recurrentActivation.apply(f), c);
      const next = tf.add(kept, tf.mul(this.recurrentActivation.apply(i), this.activation.apply(candidate)));
      const output = tf.mul(this.recurrentActivation.apply(o), this.activation.apply(next));
      return [output, output, next];
    });
  }
}

abstract class TwoBiasRNN extends RNN {
  override call(inputs: tf.Tensor | tf.Tensor[], options: Record<string, unknown>): tf.Tensor | tf.Tensor[] {
    // RNN takes these options only, but is given all of the call's.
    const { mask, training, initialState } = options;
    return tf.tidy(() => super.call(inputs, { mask, training, initialState }));
  }
}

export class ResetAfterGRU extends TwoBiasRNN {
  static override readonly className: string = 'GRU';

  constructor(config: Config, flatBias = false) {
    super({ ...config, cell: new ResetAfterGRUCell(config, flatBias) });
  }
}

export class CuDNNGRU extends ResetAfterGRU {
  static override readonly className = 'CuDNNGRU';

  constructor(config: Config) {
    super(config, true);
  }
}

export class CuDNNLSTM extends TwoBiasRNN {
  static override readonly className = 'CuDNNLSTM';

  constructor(config: Config) {
    super({ ...config, cell: new TwoBiasLSTMCell(config, true) });
  }
}

/** Bidirectional looks the class of its halves up by name: tfjs must find ours there, and its own GRU where that will do. */
function register(className: string, create: (config: Config) => layers.Layer): void {
  const fromConfig = (_cls: unknown, config: Config): layers.Layer => create(config);
  tf.serialization.registerClass({ className, fromConfig } as unknown as Parameters<
    typeof tf.serialization.registerClass
  >[0]);
}

register('GRU', (config) =>
  config['resetAfter'] === true ? new ResetAfterGRU(config) : layers.gru(config as unknown as GRULayerArgs),
);
register('CuDNNGRU', (config) => new CuDNNGRU(config));
register('CuDNNLSTM', (config) => new CuDNNLSTM(config));
