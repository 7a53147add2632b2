/**
 * Activation functions by the names of every Keras generation, and the ones that tfjs-layers 4.22.0 lacks. Sources:
 * Keras 2 and 3 `activations` modules.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { JsonPath } from '../../report/report';
import { DiagnosisError } from '../../report/errors';
import { get, isRecord, type JsonRecord, printPath, text } from './json';

/** As tfjs' `getActivation` takes it. */
export interface ActivationIdentifier {
  readonly className: string;
  readonly config: Record<string, unknown>;
}

type Parameters = Readonly<Record<string, number>>;

interface OwnActivation {
  readonly defaults: Parameters;
  readonly apply: (z: tf.Tensor, parameters: Parameters) => tf.Tensor;
}

/** `max(0, min(1, z / 6 + 1 / 2))`, hard sigmoid as Keras 3 defines it (Keras 2: slope 0.2). */
const hardSigmoid3 = (z: tf.Tensor): tf.Tensor => tf.clipByValue(tf.add(tf.div(z, 6), 0.5), 0, 1);

const softShrink = (z: tf.Tensor, { threshold }: Parameters): tf.Tensor =>
  tf.sub(tf.relu(tf.sub(z, threshold)), tf.relu(tf.sub(tf.neg(z), threshold)));

/** By the canonical names of report/activations.ts where that file knows the function. */
const OWN: Readonly<Record<string, OwnActivation>> = {
  silu: { defaults: {}, apply: (z) => tf.mul(z, tf.sigmoid(z)) },
  exponential: { defaults: {}, apply: (z) => tf.exp(z) },
  hard_sigmoid_3: { defaults: {}, apply: hardSigmoid3 },
  hard_silu: { defaults: {}, apply: (z) => tf.mul(z, hardSigmoid3(z)) },
  leaky_relu: { defaults: { alpha: 0.2 }, apply: (z, { alpha }) => tf.leakyRelu(z, alpha) },
  elu_alpha: {
    defaults: { alpha: 1 },
    apply: (z, { alpha }) => tf.sub(tf.relu(z), tf.mul(alpha, tf.relu(tf.neg(tf.expm1(tf.minimum(z, 0)))))),
  },
  celu: {
    defaults: { alpha: 1 },
    apply: (z, { alpha }) => tf.add(tf.relu(z), tf.mul(alpha, tf.expm1(tf.div(tf.minimum(z, 0), alpha)))),
  },
  gelu_tanh: {
    defaults: {},
    apply: (z) =>
      tf.mul(
        tf.mul(z, 0.5),
        tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(z, tf.mul(0.044715, tf.mul(z, tf.mul(z, z))))))),
      ),
  },
  log_sigmoid: { defaults: {}, apply: (z) => tf.neg(tf.softplus(tf.neg(z))) },
  hard_tanh: { defaults: {}, apply: (z) => tf.clipByValue(z, -1, 1) },
  tanh_shrink: { defaults: {}, apply: (z) => tf.sub(z, tf.tanh(z)) },
  soft_shrink: { defaults: { threshold: 0.5 }, apply: softShrink },
  squareplus: { defaults: { b: 4 }, apply: (z, { b }) => tf.mul(0.5, tf.add(z, tf.sqrt(tf.add(tf.mul(z, z), b)))) },
};

/** Keras' names in lower case without underscores; the right side is tfjs' class name or one of `OWN`. */
const NAMES: Readonly<Record<string, string>> = {
  linear: 'linear',
  relu: 'relu',
  relu6: 'relu6',
  elu: 'elu',
  selu: 'selu',
  sigmoid: 'sigmoid',
  hardsigmoid: 'hardSigmoid',
  tanh: 'tanh',
  softmax: 'softmax',
  softmaxv2: 'softmax',
  logsoftmax: 'logSoftmax',
  softplus: 'softplus',
  softsign: 'softsign',
  swish: 'silu',
  silu: 'silu',
  hardswish: 'hard_silu',
  hardsilu: 'hard_silu',
  gelu: 'gelu',
  gelunew: 'gelu_tanh',
  mish: 'mish',
  exponential: 'exponential',
  exp: 'exponential',
  leakyrelu: 'leaky_relu',
  celu: 'celu',
  logsigmoid: 'log_sigmoid',
  hardtanh: 'hard_tanh',
  tanhshrink: 'tanh_shrink',
  softshrink: 'soft_shrink',
  squareplus: 'squareplus',
};

/** Whether there is an activation function of the name. */
export const isActivationName = (name: string): boolean => Object.hasOwn(NAMES, name.replace(/_/g, '').toLowerCase());

/**
 * The identifier of an activation saved as a name (`'hard_swish'`), as a function or layer object
 * (`{class_name: 'LeakyReLU', config: {negative_slope: 0.1}}`), or as null (linear). Throws `unknown-layer`.
 */
export function activationIdentifier(value: unknown, path: JsonPath, kerasVersion3: boolean): ActivationIdentifier {
  if (value === null || value === undefined) return { className: 'linear', config: {} };
  const { name, config } = saved(value);
  const key = name.replace(/_/g, '').toLowerCase();
  const className = Object.hasOwn(NAMES, key) ? NAMES[key] : null;
  if (className === null) {
    throw new DiagnosisError(
      'unknown-layer',
      `The activation function "${name}" is not one of Keras or TensorFlow.js; the file does not hold its code.`,
      printPath(path),
      'Replace it by a built-in activation, or put it into a layer of its own: it is then passed over as opaque.',
    );
  }
  if (className === 'hardSigmoid' && kerasVersion3) return own('hard_sigmoid_3', {});
  const alpha = number(config, 'alpha', 'negative_slope');
  if (className === 'elu' && alpha !== null && alpha !== 1) return own('elu_alpha', { alpha });
  if (className === 'gelu' && config['approximate'] === true) return own('gelu_tanh', {});
  if (!Object.hasOwn(OWN, className)) return { className, config: {} };
  const parameters: Record<string, number> = {};
  for (const [parameter, standard] of Object.entries(OWN[className].defaults)) {
    const given = parameter === 'alpha' ? alpha : number(config, parameter);
    // The LeakyReLU layer leaks more than the leaky_relu function.
    parameters[parameter] = given ?? (name === 'LeakyReLU' ? 0.3 : standard);
  }
  return own(className, parameters);
}

const own = (className: string, config: Record<string, number>): ActivationIdentifier => ({ className, config });

function saved(value: unknown): { readonly name: string; readonly config: JsonRecord } {
  const className = text(get(value, 'class_name'));
  const config = get(value, 'config');
  // Keras 3: {module: 'builtins', class_name: 'function', config: 'relu'}.
  const name = className === 'function' ? (text(config) ?? 'function') : (className ?? text(value) ?? String(value));
  // Keras 2 and 3: {class_name: 'Activation', config: {activation: 'relu'}}.
  if (name === 'Activation' && isRecord(config)) return { name: text(config['activation']) ?? name, config: {} };
  return { name: name.split('>').pop()!, config: isRecord(config) ? config : {} };
}

function number(config: JsonRecord, ...keys: readonly string[]): number | null {
  for (const key of keys) if (typeof config[key] === 'number') return config[key];
  return null;
}

/** Makes the functions of `OWN` known to tfjs-layers under their names. */
for (const [name, { apply, defaults }] of Object.entries(OWN)) {
  tf.serialization.registerClass(
    class extends tf.serialization.Serializable {
      static readonly className = name;
      private readonly parameters: Parameters;

      constructor(config: Readonly<Record<string, unknown>>) {
        super();
        this.parameters = Object.fromEntries(
          Object.entries(defaults).map(([key, value]) => [key, typeof config[key] === 'number' ? config[key] : value]),
        );
      }

      /** As every activation of tfjs-layers. */
      apply(z: tf.Tensor): tf.Tensor {
        return tf.tidy(() => apply(z, this.parameters));
      }

      getConfig(): tf.serialization.ConfigDict {
        return { ...this.parameters };
      }
    },
  );
}
