/** Model files made in memory, as tfjs and Keras write them. */

import { memoryFolder } from '../probe/memoryFolder';

export type Json = Record<string, unknown>;

export interface WeightFixture {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Values of a fixed, irregular pattern in [-0.6, 0.6]. */
export const wave = (shape: readonly number[], phase: number): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(0.6 * Math.sin(1.7 * i + phase)));

/** Weights with `wave` values, by name. */
export const weightsOf = (shapes: Readonly<Record<string, readonly number[]>>): WeightFixture[] =>
  Object.entries(shapes).map(([name, shape], i) => ({ name, shape, values: wave(shape, i) }));

export const float32 = (...lists: readonly (readonly number[])[]): Uint8Array =>
  new Uint8Array(Float32Array.from(lists.flat()).buffer);

export const manifest = (weights: readonly WeightFixture[], integers: ReadonlySet<string> = new Set()): Json[] => [
  {
    paths: ['weights.bin'],
    weights: weights.map(({ name, shape }) => ({ name, shape, dtype: integers.has(name) ? 'int32' : 'float32' })),
  },
];

/** `model.json` with one shard beside it. The weights in `integers` are of int32, all others of float32. */
export function tfjsFolder(
  topology: unknown,
  weights: readonly WeightFixture[],
  more: Json = {},
  integers: ReadonlySet<string> = new Set(),
) {
  const json = { modelTopology: topology, weightsManifest: manifest(weights, integers), ...more };
  const bytes = weights.map(({ name, values }) =>
    integers.has(name) ? new Uint8Array(Int32Array.from(values).buffer) : float32(values),
  );
  return memoryFolder({ 'model.json': JSON.stringify(json), 'weights.bin': Buffer.concat(bytes) });
}

/** A Keras 2 layer of the functional API; `inbound` names layers, or `[layer, node index]`, one list for each call. */
export function layer2(
  className: string,
  name: string,
  config: Json,
  inbound: readonly (readonly (string | [string, number])[])[],
) {
  const inbound_nodes = inbound.map((call) =>
    call.map((from) => (typeof from === 'string' ? [from, 0, 0, {}] : [from[0], from[1], 0, {}])),
  );
  return { class_name: className, name, config: { name, ...config }, inbound_nodes };
}

const POLICY = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };

/** The same as Keras 3 writes it. A call on several tensors has them as a list in its first argument. */
export function layer3(
  className: string,
  name: string,
  config: Json,
  inbound: readonly (readonly (string | [string, number])[])[],
  shape: readonly (number | null)[] = [null, 4],
) {
  const inbound_nodes = inbound.map((call) => {
    const tensors = call.map((from) => ({
      class_name: '__keras_tensor__',
      config: {
        shape,
        dtype: 'float32',
        keras_history: typeof from === 'string' ? [from, 0, 0] : [from[0], from[1], 0],
      },
    }));
    return { args: tensors.length === 1 ? tensors : [tensors], kwargs: {} };
  });
  const module = className === 'Functional' ? 'keras.src.models.functional' : 'keras.layers';
  return {
    module,
    class_name: className,
    registered_name: className === 'Functional' ? 'Functional' : null,
    build_config: { input_shape: shape },
    name,
    config: { name, trainable: true, dtype: POLICY, ...config },
    inbound_nodes,
  };
}

/** A Keras 2 Dense layer's configuration in a Sequential. */
export const dense = (name: string, units: number, more: Json = {}): Json => ({
  class_name: 'Dense',
  config: { name, units, activation: 'linear', use_bias: true, ...more },
});

export const sequential = (layers: readonly Json[], name = 'sequential'): Json => ({
  class_name: 'Sequential',
  config: { name, layers },
});
