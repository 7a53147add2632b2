/**
 * The functions of TensorFlow and of `keras.ops` that saved graphs call by name, as far as TensorFlow.js has their
 * operations with gradients. Names and defaults of parameters: TensorFlow 2 and Keras 3 reference.
 */

import * as tf from '@tensorflow/tfjs-core';
import { sliced } from './slicing';

/** Arguments of one call: tensors, and values of JSON. */
export interface OperationArguments {
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** Throws where an argument is not what it can work with. */
export type Operation = (call: OperationArguments) => tf.Tensor | tf.Tensor[];

/** The argument at the place, else under one of the names; undefined where it was not given. */
function argument({ positional, named }: OperationArguments, place: number | null, ...names: string[]): unknown {
  if (place !== null && positional.length > place) return positional[place];
  const name = names.find((key) => Object.hasOwn(named, key) && named[key] !== null);
  return name === undefined ? undefined : named[name];
}

/** A tensor, or a number or nested list of numbers as one. */
function tensor(value: unknown): tf.Tensor {
  if (value instanceof tf.Tensor) return value as tf.Tensor;
  if (typeof value === 'boolean' || typeof value === 'number') return tf.scalar(Number(value));
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const flat = items.flat(8);
  if (!Array.isArray(value) || !flat.every((item) => typeof item === 'number')) throw new Error('not a tensor');
  return tf.tensor(value as tf.TensorLike, undefined, 'float32');
}

/** Whole numbers: one or a list. */
function integers(value: unknown): number[] {
  const list: unknown[] = [value].flat();
  if (!list.every((item) => Number.isInteger(item))) throw new Error('not whole numbers');
  return list as number[];
}

const floats = (x: tf.Tensor): tf.Tensor => (x.dtype === 'float32' ? x : tf.cast(x, 'float32'));

const FIRST = ['x', 'x1', 'input', 'inputs', 'input_tensor', 'tensor', 'a', 'features', 'logits', 'values', 'value'];
const SECOND = ['y', 'x2', 'b'];

const input = (call: OperationArguments): tf.Tensor => tensor(argument(call, 0, ...FIRST));

const unary =
  (run: (x: tf.Tensor) => tf.Tensor): Operation =>
  (call) =>
    run(floats(input(call)));

const binary =
  (run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operation =>
  (call) =>
    run(floats(input(call)), floats(tensor(argument(call, 1, ...SECOND))));

const reduction =
  (run: (x: tf.Tensor, axis?: number[], keepDims?: boolean) => tf.Tensor): Operation =>
  (call) => {
    const axis = argument(call, 1, 'axis', 'reduction_indices');
    const keep = argument(call, 2, 'keepdims', 'keep_dims') === true;
    return run(floats(input(call)), axis === undefined || axis === null ? undefined : integers(axis), keep);
  };

/** The axis of a call on a list of tensors, which Keras 2 has unpacked. */
function listAxis(call: OperationArguments, standard: number): number {
  return integers(argument(call, Array.isArray(call.positional[0]) ? 1 : null, 'axis') ?? standard)[0];
}

/** The tensors of a first argument that is a list. */
function list(call: OperationArguments): tf.Tensor[] {
  const first = argument(call, 0, 'xs', 'values', 'inputs', 'arrays', 'x');
  const items: readonly unknown[] = Array.isArray(first) ? first : call.positional;
  return items.map((item) => floats(tensor(item)));
}

function matMul(call: OperationArguments): tf.Tensor {
  const flag = (...names: string[]): boolean => argument(call, null, ...names) === true;
  const [a, b] = [floats(input(call)), floats(tensor(argument(call, 1, ...SECOND)))];
  return tf.matMul(a, b, flag('transpose_a', 'adj_x'), flag('transpose_b', 'adj_y'));
}

/** Into equal parts, or parts of the given sizes. */
function split(call: OperationArguments): tf.Tensor[] {
  const sizes = integers(argument(call, 1, 'num_or_size_splits', 'indices_or_sections'));
  const axis = integers(argument(call, 2, 'axis') ?? 0)[0];
  return tf.split(input(call), sizes.length === 1 ? sizes[0] : sizes, axis);
}

function unstack(call: OperationArguments): tf.Tensor[] {
  const x = input(call);
  const axis = integers(argument(call, null, 'axis') ?? 0)[0];
  return tf.unstack(x, axis < 0 ? axis + x.rank : axis);
}

function reshape(call: OperationArguments): tf.Tensor {
  const x = input(call);
  const wanted = argument(call, 1, 'shape', 'newshape');
  const dims: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  // The batch is often written as a size that is only known at run time.
  const shape = dims.map((dim, i) => (i === 0 && (dim instanceof tf.Tensor || dim === null) ? x.shape[0] : dim));
  return tf.reshape(x, integers(shape));
}

function squeeze(call: OperationArguments): tf.Tensor {
  const axis = argument(call, 1, 'axis', 'squeeze_dims');
  const x = input(call);
  return tf.squeeze(
    x,
    axis === undefined || axis === null ? undefined : integers(axis).map((i) => (i < 0 ? i + x.rank : i)),
  );
}

function transpose(call: OperationArguments): tf.Tensor {
  const axes = argument(call, 1, 'perm', 'axes');
  return tf.transpose(input(call), axes === undefined || axes === null ? undefined : integers(axes));
}

/** All numbers are floats here; only text has no place. */
function cast(call: OperationArguments): tf.Tensor {
  const dtype = argument(call, 1, 'dtype', 'DstT');
  if (typeof dtype === 'string' && /int|bool/i.test(dtype)) throw new Error('a cast to whole numbers');
  return floats(input(call));
}

function clip(call: OperationArguments): tf.Tensor {
  const low = argument(call, 1, 'clip_value_min', 'x_min', 'min_value', 'min');
  const high = argument(call, 2, 'clip_value_max', 'x_max', 'max_value', 'max');
  if (typeof low !== 'number' || typeof high !== 'number') throw new Error('bounds that are not numbers');
  return tf.clipByValue(floats(input(call)), low, high);
}

function softmax(call: OperationArguments): tf.Tensor {
  const x = floats(input(call));
  const axis = integers(argument(call, 1, 'axis') ?? -1)[0];
  const normal = axis < 0 ? axis + x.rank : axis;
  if (normal === x.rank - 1) return tf.softmax(x);
  const shifted = tf.exp(tf.sub(x, tf.max(x, normal, true)));
  return tf.div(shifted, tf.sum(shifted, normal, true));
}

function normalizeL2(call: OperationArguments): tf.Tensor {
  const x = floats(input(call));
  const axis = integers(argument(call, 1, 'axis', 'dim') ?? -1);
  const epsilon = Number(argument(call, 2, 'epsilon') ?? 1e-12);
  return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), axis, true), epsilon)));
}

function leakyRelu(call: OperationArguments): tf.Tensor {
  const slope = argument(call, 1, 'alpha', 'negative_slope') ?? 0.2;
  return tf.leakyRelu(floats(input(call)), Number(slope));
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  add: binary(tf.add),
  subtract: binary(tf.sub),
  multiply: binary(tf.mul),
  divide: binary(tf.div),
  pow: binary(tf.pow),
  maximum: binary(tf.maximum),
  minimum: binary(tf.minimum),
  squared_difference: binary(tf.squaredDifference),
  matmul: matMul,
  negative: unary(tf.neg),
  abs: unary(tf.abs),
  square: unary(tf.square),
  sqrt: unary(tf.sqrt),
  rsqrt: unary(tf.rsqrt),
  reciprocal: unary(tf.reciprocal),
  exp: unary(tf.exp),
  log: unary(tf.log),
  log1p: unary(tf.log1p),
  sin: unary(tf.sin),
  cos: unary(tf.cos),
  relu: unary(tf.relu),
  relu6: unary(tf.relu6),
  sigmoid: unary(tf.sigmoid),
  tanh: unary(tf.tanh),
  elu: unary(tf.elu),
  selu: unary(tf.selu),
  softplus: unary(tf.softplus),
  silu: unary((x) => tf.mul(x, tf.sigmoid(x))),
  leaky_relu: leakyRelu,
  softmax,
  clip,
  l2_normalize: normalizeL2,
  mean: reduction(tf.mean),
  sum: reduction(tf.sum),
  max: reduction(tf.max),
  min: reduction(tf.min),
  prod: reduction(tf.prod),
  concat: (call) => tf.concat(list(call), listAxis(call, -1)),
  stack: (call) => {
    const tensors = list(call);
    const axis = listAxis(call, 0);
    return tf.stack(tensors, axis < 0 ? axis + tensors[0].rank + 1 : axis);
  },
  split,
  unstack,
  add_n: (call) => tf.addN(list(call)),
  reshape,
  squeeze,
  transpose,
  cast,
  expand_dims: (call) => tf.expandDims(input(call), integers(argument(call, 1, 'axis', 'dim') ?? -1)[0]),
  identity: input,
  getitem: (call) => sliced(input(call), argument(call, 1, 'slice_spec', 'key')),
};

/** Other names of the same: of TensorFlow's functions, of its graph ops and of `keras.ops`. */
const ALIASES: Readonly<Record<string, string>> = {
  addv2: 'add',
  biasadd: 'add',
  bias_add: 'add',
  sub: 'subtract',
  mul: 'multiply',
  div: 'divide',
  truediv: 'divide',
  realdiv: 'divide',
  true_divide: 'divide',
  divide_no_nan: 'divide',
  power: 'pow',
  batchmatmul: 'matmul',
  batchmatmulv2: 'matmul',
  neg: 'negative',
  absolute: 'abs',
  reduce_mean: 'mean',
  reduce_sum: 'sum',
  reduce_max: 'max',
  reduce_min: 'min',
  reduce_prod: 'prod',
  concatenate: 'concat',
  concatv2: 'concat',
  pack: 'stack',
  clip_by_value: 'clip',
  clipbyvalue: 'clip',
  expanddims: 'expand_dims',
  stop_gradient: 'identity',
  convert_to_tensor: 'identity',
  swish: 'silu',
  get_item: 'getitem',
  permute: 'transpose',
};

/** What the layers that merge tensors of one shape do, for those that are called with constants among their inputs. */
const MERGES: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  Add: tf.add,
  Average: tf.add,
  Maximum: tf.maximum,
  Minimum: tf.minimum,
  Multiply: tf.mul,
  Subtract: tf.sub,
};

/** The merging layer of that class as an operation on a list; null for other classes. */
export function mergeNamed(className: string): Operation | null {
  if (!Object.hasOwn(MERGES, className)) return null;
  return (call) => {
    const tensors = list(call);
    const merged = tensors.reduce(MERGES[className]);
    return className === 'Average' ? tf.div(merged, tensors.length) : merged;
  };
}

/** `name` without its module, in lower case with underscores; null where there is no such operation. */
export function operationNamed(name: string): Operation | null {
  const canonical = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
  return Object.hasOwn(OPERATIONS, canonical) ? OPERATIONS[canonical] : null;
}
