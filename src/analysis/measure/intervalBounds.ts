/**
 * Interval bound propagation (Gowal et al. 2018, arXiv:1810.12715): from the lowest and highest value of every input, the
 * lowest and highest value that every unit can take. A unit of a rectifier that stays at 0 on the whole box is proved
 * dead. Exact in the first layer, sound but ever looser behind it.
 *
 * An affine layer `z = W x + b` takes the box [l, u] to one whose upper end is `W+ u + W- l + b`. Layers that are
 * increasing or decreasing in each of their inputs take the ends of a box to the ends of its image.
 *
 * Rounding keeps the order of numbers, so the network's own float32 sum for any x in the box is at most its sum for the
 * terms of the upper end; and a float32 sum of n products, in any order, is off by at most `n eps / (1 - n eps)` of the sum
 * of their magnitudes (Higham 2002, Accuracy and Stability of Numerical Algorithms, sections 2.1 and 3.1). Bounds are
 * widened by that and more, so that what is proved holds for the network as it is computed.
 */

import * as tf from '@tensorflow/tfjs-core';
import { isClipping, type Activation } from '../../report/activations';
import { valuesOf } from '../backend/heap';
import { intervalSum, orderedEnds, type Image } from '../backend/kernels/intervals';
import { SquareAccumulator, UnitAccumulator } from '../backend/unitStatistics';
import { Lifetimes } from '../model/lifetimes';
import type { LayerCall, Network, Weight } from '../model/network';
import type { InputBox } from '../probe/probe';
import { unitsLast } from './callMeter';

export type InputRange = Pick<InputBox, 'lower' | 'upper'> & {
  /** Of one sample. */
  readonly shape: readonly number[];
};

/** Layers that are affine in their one input; their kernels, in a row where there are several, multiply it. */
const AFFINE = new Set([
  'Dense',
  'Conv1D',
  'Conv2D',
  'Conv3D',
  'DepthwiseConv2D',
  'SeparableConv2D',
  'Conv2DTranspose',
  'Conv3DTranspose',
  // Of GraphModels.
  'MatMul',
  'DepthwiseConv2dNative',
]);

/** Layers each of whose outputs either never falls or never rises as its inputs rise, in floating-point numbers too. */
const MONOTONE =
  /^(?:Flatten|Reshape|Permute|RepeatVector|(?:Spatial)?(?:Alpha)?Dropout(?:[123]D)?|Gaussian(?:Noise|Dropout)|ActivityRegularization|ZeroPadding[123]D|Cropping[123]D|UpSampling[123]D|(?:Global)?(?:Average|Max)Pooling[123]D|Add|Average|Maximum|Minimum|Concatenate|BatchNormalization|Rescaling|Normalization)$/;

/** Ops of GraphModels of that kind; a product is one where the other factor is a weight. */
const MONOTONE_OPS =
  /^(?:MaxPool|AvgPool|Mean|Max|Min|Sum|Pad(?:V2)?|MirrorPad|ConcatV2|AddV2|BiasAdd|ResizeNearestNeighbor|FusedBatchNorm(?:V[23])?)$/;

const isMonotone = ({ className, weights }: LayerCall): boolean =>
  MONOTONE.test(className) || MONOTONE_OPS.test(className) || (className === 'Mul' && weights.length > 0);

/** Smooth activations that fall to one minimum and rise from there. */
const VALLEYS = new Set(['gelu', 'gelu_tanh', 'silu', 'hard_silu', 'mish']);
/** Their values are computed from z without rounding, or with one. */
const EXACT = new Set(['linear', 'relu', 'relu6', 'leaky_relu', 'thresholded_relu', 'hard_tanh']);

/** Unit roundoff of float32. */
const ROUNDOFF = 2 ** -24;
const SMALLEST_NORMAL = 2 ** -126;
/** Relative and absolute error that an activation's kernel may have, generously. */
const KERNEL_ERROR = 1e-5;

/**
 * By the name of the call, the units of rectifiers that no input within the ranges can activate, whatever its other
 * values are. Ranges are one per input of the network. What lies behind a layer without bounds is not proved.
 *
 * @param questioned the calls whose units are to be proved dead; a unit that fired on a sample within the ranges cannot
 *   be, so calls without silent units need not be asked about. All of them where nothing is said.
 */
export function provedDeadUnits(
  network: Network,
  inputs: readonly InputRange[],
  questioned: (call: LayerCall) => boolean = () => true,
): ReadonlyMap<string, ReadonlySet<number>> {
  const proved = new Map<string, ReadonlySet<number>>();
  const asked = (call: LayerCall): boolean => canDie(call) && questioned(call);
  if (!network.calls.some(asked)) return proved;
  const needed = neededBounds(network.calls, asked);
  /** Lower and upper bounds `[2, ...shape]` of the outputs of calls and inputs. */
  const bounds = new Map<string, tf.Tensor>();
  const lifetimes = new Lifetimes(
    network.calls.flatMap(({ inputs: read }) => read),
    [],
  );
  const keep = (name: string, box: tf.Tensor): void => {
    bounds.set(name, tf.keep(box));
    lifetimes.written(name, box);
  };
  try {
    inputs.forEach(({ lower, upper, shape }, k) => {
      if (!lower.every(Number.isFinite) || !upper.every(Number.isFinite)) return;
      const values = new Float32Array(2 * lower.length);
      values.set(lower);
      values.set(upper, lower.length);
      keep(network.inputs[k].name, tf.tensor(values, [2, ...shape]));
    });
    for (const call of network.calls) {
      const given = call.inputs.map((name) => bounds.get(name));
      const wanted = needed.has(call.name) || asked(call);
      if (wanted && given.length > 0 && given.every((box) => box !== undefined)) {
        tf.tidy(() => {
          const argument = argumentBounds(network, call, given);
          if (argument === null) return;
          if (asked(call)) proved.set(call.name, silentUnits(call, argument));
          if (!needed.has(call.name)) return;
          const after = activationBounds(call, argument);
          if (after !== null) keep(call.name, after);
        });
      }
      for (const box of given) if (box !== undefined) lifetimes.read(box);
    }
  } finally {
    tf.dispose([...bounds.values()]);
  }
  return proved;
}

const canDie = ({ activation, units }: LayerCall): boolean => activation?.family === 'relu' && units !== null;

/** The names of the calls, and of inputs, whose bounds lead to those of calls that are asked about. */
function neededBounds(calls: readonly LayerCall[], asked: (call: LayerCall) => boolean): ReadonlySet<string> {
  const needed = new Set<string>();
  // Calls come after what they consume.
  for (const call of [...calls].reverse()) {
    if (needed.has(call.name) || asked(call)) for (const name of call.inputs) needed.add(name);
  }
  return needed;
}

/** Bounds of the argument of the call's activation, or of its output where it has none; null where they are not known. */
function argumentBounds(network: Network, call: LayerCall, given: readonly tf.Tensor[]): tf.Tensor | null {
  const { className } = call;
  // Activation layers: what they get is the argument.
  if (call.activation !== null && given.length === 1 && call.weights.length === 0 && !AFFINE.has(className))
    return given[0];
  if (AFFINE.has(className)) return affineBounds(network, call, given[0]);
  if (!isMonotone(call)) return null;
  const ends = network.execute(call, given);
  if (ends === null) return null;
  return finite(ends) && orderedEnds(ends);
}

function affineBounds(network: Network, call: LayerCall, box: tf.Tensor): tf.Tensor | null {
  const kernels = call.weights.filter(({ fanIn }) => fanIn !== null);
  // A product of two things that depend on the input.
  if (kernels.length === 0) return null;
  const products = kernels.reduce((sum, { fanIn }) => sum + fanIn!, 1);
  // In a box of numbers that are not negative, the ends are their own magnitudes.
  const signed = tf.min(box).dataSync()[0] < 0;
  const rows = signed ? tf.concat([box, tf.abs(box)], 0) : box;
  const images: Image[] = [];
  // Each kernel is the sum of its positive and its negative part; an odd number of negative parts turns the box around.
  for (let pattern = 0; pattern < 2 ** kernels.length; pattern++) {
    const negative = kernels.map((_, k) => (pattern >> k) % 2 === 1);
    const parts = kernels.map(({ value }, k) => (negative[k] ? tf.minimum(value, 0) : tf.maximum(value, 0)));
    const ends = withWeights(
      call,
      (weight) => parts[kernels.indexOf(weight)] ?? tf.zerosLike(weight.value),
      () => network.execute(call, [rows]),
    );
    if (ends === null) return null;
    images.push({ ends, turned: negative.filter(Boolean).length % 2 === 1 });
  }
  const [{ ends }] = images;
  const shape = [1, ...ends.shape.slice(1)];
  const biased = call.weights.length > kernels.length;
  const bias = biased ? network.execute(call, [tf.zerosLike(tf.slice(box, 0, 1))]) : tf.zeros(shape);
  const slack = { error: 4 * (products + 8) * ROUNDOFF, smallest: products * SMALLEST_NORMAL };
  return bias && finite(intervalSum(images, bias, slack));
}

/** Runs `work` while the weights of the call have other values. */
function withWeights<T>({ weights }: LayerCall, replacement: (weight: Weight) => tf.Tensor, work: () => T): T {
  const variables = weights.map(({ value }) => value as tf.Variable);
  const saved = variables.map((variable) => variable.clone());
  try {
    weights.forEach((weight, i) => variables[i].assign(replacement(weight)));
    return work();
  } finally {
    variables.forEach((variable, i) => variable.assign(saved[i]));
  }
}

/** Bounds of the output from those of the argument; null where they are not known. */
function activationBounds(call: LayerCall, argument: tf.Tensor): tf.Tensor | null {
  const { activation } = call;
  if (activation === null || activation.name === 'linear') return argument.clone();
  if (isClipping(activation)) return tf.clipByValue(argument, ...activation.range);
  const bound = outputInterval(activation);
  if (bound === null) return null;
  const values = valuesOf(argument);
  const size = values.length / 2;
  const bounds = new Float32Array(2 * size);
  for (let i = 0; i < size; i++) {
    const [lower, upper] = bound(values[i], values[size + i]);
    bounds[i] = roundedDown(lower);
    bounds[size + i] = roundedUp(upper);
  }
  return finite(tf.tensor(bounds, argument.shape));
}

/** The interval that an activation takes an interval to; null where that is not known. */
function outputInterval(activation: Activation): ((l: number, u: number) => [number, number]) | null {
  const { name, range } = activation;
  const value = (z: number): number => activation.value(z);
  const widened = (lower: number, upper: number): [number, number] => [
    lower - KERNEL_ERROR * (1 + Math.abs(lower)),
    upper + KERNEL_ERROR * (1 + Math.abs(upper)),
  ];
  if (VALLEYS.has(name)) return (l, u) => widened(l >= 0 ? value(l) : range[0], Math.max(value(l), value(u)));
  // A PReLU's slopes are known by their mean only; a softmax has no value per unit, but a range.
  const increasing = name !== 'prelu' && activation.derivative(-1) >= 0;
  if (!increasing) return range.every(Number.isFinite) ? () => widened(...range) : null;
  return EXACT.has(name) ? (l, u) => [value(l), value(u)] : (l, u) => widened(value(l), value(u));
}

/** Units whose output is 0 wherever their argument lies within its bounds, at every position. */
function silentUnits({ activation, unitAxis }: LayerCall, argument: tf.Tensor): ReadonlySet<number> {
  const upper = unitsLast(tf.slice(argument, 1, 1), unitAxis);
  const highest = new UnitAccumulator(upper.shape[upper.rank - 1]);
  highest.add(upper, 1);
  return new Set([...highest.maximum.keys()].filter((unit) => activation!.value(highest.maximum[unit]) === 0));
}

function finite(bounds: tf.Tensor): tf.Tensor | null {
  const squares = new SquareAccumulator();
  squares.add(bounds);
  return squares.nonFinite === 0 ? bounds : null;
}

/** Outwards by at least the rounding to float32; 0 stays 0. */
const roundedUp = (value: number): number => value + 2 * ROUNDOFF * Math.abs(value);
const roundedDown = (value: number): number => value - 2 * ROUNDOFF * Math.abs(value);
