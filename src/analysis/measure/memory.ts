/** Estimates what a pass needs before it is run, so that batches are cut to fit. */

import type { LayerCall, Network, Weight } from '../model/network';
import type { Probe } from '../probe/probe';

/** What a diagnosis may take where nothing else is said, and by default at most: 2 GB. */
export const MAXIMUM_MEMORY = 2 ** 31;

/** Values (outputs of layers, over all samples) that are computed of one batch, and its samples at most. */
const BATCH_VALUES = { forward: 8e7, backward: 2e7 };
const BATCH_SAMPLES = 256;
/** float32 values that a backward pass holds at its peak per output value, of layers that are not known better. */
const COPIES = 10;
/**
 * Layers and activations that are one operation: what is saved of them is what they were given, and their argument. Measured: 1
 * to 2 values per output value; of others, such as GELU, separable convolutions and volumes, 3 to 7.
 */
const PLAIN_LAYERS =
  /^(Dense|Conv[12]D|DepthwiseConv2D|BatchNormalization|LayerNormalization|Activation|ReLU|Add|Concatenate|Dot|Dropout|Flatten|Reshape|ZeroPadding.*|(Global)?(Max|Average)Pooling[12]D)$/;
const PLAIN_ACTIVATIONS = new Set([
  'linear',
  'relu',
  'relu6',
  'leaky_relu',
  'elu',
  'selu',
  'sigmoid',
  'tanh',
  'softmax',
]);
const PLAIN_COPIES = 2;
/** Per value of the network's inputs: themselves, and what is padded or put in another order. Measured: 1 to 1.8. */
const INPUT_COPIES = 2;
/** And what computing the gradients of one layer takes per value of its output. Measured: 2 to 6. */
const GRADIENT_COPIES = 6;
/**
 * The same of a forward pass, which releases on the way what nothing reads any more: per value of one layer's output,
 * beside the outputs that other layers wait for. Measured: 1 to 6.
 */
const FORWARD_COPIES = 7;
/** The same per weight: itself, its gradient, and what is added up or transposed. */
const WEIGHT_COPIES = 3;
/**
 * Values that a recurrent layer keeps beside its output for every unit and time step. Measured for LSTM, GRU and SimpleRNN,
 * backward and forward: 19, 16, 9 and 11, 7, 5 as a whole; 38, 34, 9 and 5, 3, 3 step by step.
 */
const STEP_VALUES = {
  whole: { backward: 20, forward: 11 },
  stepwise: { backward: 40, forward: 10 },
};
/** And step by step for every weight of it and time step: a GRU saves what it has cut of its kernel in each. Measured: 1. */
const STEP_WEIGHT_COPIES = 1.1;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Values of one sample beyond which a backward pass would not fit into 4 GB, or take too long. */
const BACKWARD_VALUES = 7e7;
/** What is left of 4 GB beside the weights, the experiments and what the heap loses between tensors. */
const HEAP_BYTES = 3 * 2 ** 30;

const ATTENTION = /Attention$/;

/** Samples of one batch, by what is done with it. */
export interface BatchSizes {
  readonly forward: number;
  /** Forward and backward. */
  readonly backward: number;
}

/**
 * How many samples a batch may hold. This depends on the network and the shape of its samples only, unless `memory`
 * (bytes) is too little for that; one sample is always allowed.
 */
export function batchSizes(network: Network, probe: Pick<Probe, 'inputs'>, memory: number): BatchSizes {
  const size = (direction: keyof BatchSizes): number => {
    const values = valuesPerSample(network, probe, direction);
    return clamp(
      Math.floor(BATCH_VALUES[direction] / values),
      1,
      Math.min(BATCH_SAMPLES, samplesWithin(network, probe, memory, direction)),
    );
  };
  return { forward: size('forward'), backward: size('backward') };
}

/** How many samples a pass can take within so many bytes, at least one. */
export function samplesWithin(
  network: Network,
  probe: Pick<Probe, 'inputs'>,
  memory: number,
  direction: keyof BatchSizes,
): number {
  const left = memory - weightBytes(network, probe, direction);
  return Math.max(1, Math.floor(left / (BYTES * heldPerSample(network, probe, direction))));
}

/** Bytes that a pass over so many samples takes, estimated. */
export function passBytes(
  network: Network,
  probe: Pick<Probe, 'inputs'>,
  samples: number,
  direction: keyof BatchSizes,
): number {
  return weightBytes(network, probe, direction) + BYTES * heldPerSample(network, probe, direction) * samples;
}

/** Multiplications of one sample's forward pass, estimated: each kernel once per output position, and every output once. */
export function operationsPerSample({ calls }: Network): number {
  return calls.reduce((sum, { weights, outputShape, units }) => {
    const outputs = sizeOf(outputShape);
    const positions = units === null ? 0 : outputs / units;
    const kernels = weights.reduce((size, { fanIn, value }) => (fanIn === null ? size : size + value.size), 0);
    return sum + kernels * positions + outputs;
  }, 1);
}

/** Whether a backward pass over one sample fits into the heap of WebAssembly, which ends at 4 GB. */
export function canBackPropagate(network: Network, probe: Pick<Probe, 'inputs'>): boolean {
  return (
    valuesPerSample(network, probe, 'backward') <= BACKWARD_VALUES &&
    passBytes(network, probe, 1, 'backward') <= HEAP_BYTES
  );
}

/** Bytes that a pass takes whatever the number of samples. */
function weightBytes(network: Network, probe: Pick<Probe, 'inputs'>, direction: keyof BatchSizes): number {
  const shapes = shapesOf(network);
  const growth = growthOf(network, probe);
  const copies = new Map<Weight['value'], number>();
  for (const { recurrence, inputs, weights } of network.calls) {
    const [steps = 1] = shapes.get(inputs[0]) ?? [1];
    const perStep = direction === 'backward' && recurrence === 'stepwise' ? STEP_WEIGHT_COPIES * steps * growth : 0;
    for (const { value } of weights) copies.set(value, (copies.get(value) ?? WEIGHT_COPIES) + perStep);
  }
  return BYTES * [...copies].reduce((sum, [{ size }, times]) => sum + size * times, 0);
}

/**
 * Values that one sample makes: outputs of layers, and what recurrent and attention layers keep beside theirs, of which ten
 * count as one.
 */
export function valuesPerSample(network: Network, probe: Pick<Probe, 'inputs'>, direction: keyof BatchSizes): number {
  const shapes = shapesOf(network);
  const values = network.calls.reduce(
    (sum, call) => sum + sizeOf(call.outputShape) + innerValues(call, shapes, direction) / COPIES,
    1,
  );
  return Math.ceil(values * growthOf(network, probe));
}

/** float32 values of one sample that a pass holds at its peak. */
function heldPerSample(network: Network, probe: Pick<Probe, 'inputs'>, direction: keyof BatchSizes): number {
  const shapes = shapesOf(network);
  const held = direction === 'backward' ? heldBackward(network, shapes) : heldForward(network, shapes);
  return Math.ceil(held * growthOf(network, probe));
}

/** What is saved for the way back, and what the largest layer takes on it. */
function heldBackward(network: Network, shapes: Shapes): number {
  let saved = INPUT_COPIES * inputValues(network, shapes);
  let largest = 0;
  for (const call of network.calls) {
    const own = sizeOf(call.outputShape);
    saved += savedCopies(call) * own + innerValues(call, shapes, 'backward');
    largest = Math.max(largest, own);
  }
  return saved + GRADIENT_COPIES * largest;
}

const inputValues = ({ inputs }: Network, shapes: Shapes): number =>
  inputs.reduce((sum, { name }) => sum + sizeOf(shapes.get(name)!), 1);

function savedCopies({ className, activation, unitAxis }: LayerCall): number {
  const plainActivation = activation === null || PLAIN_ACTIVATIONS.has(activation.name);
  // Channels that come first are brought last and back.
  return plainActivation && unitAxis === -1 && PLAIN_LAYERS.test(className) ? PLAIN_COPIES : COPIES;
}

/** The largest layer with the outputs that are waited for while it is computed. */
function heldForward(network: Network, shapes: Shapes): number {
  const lastReader = new Map(network.calls.flatMap(({ inputs }, i) => inputs.map((name) => [name, i])));
  const sizeNamed = (name: string): number => sizeOf(shapes.get(name) ?? []);
  let waiting = inputValues(network, shapes);
  let most = waiting;
  network.calls.forEach((call, i) => {
    const own = sizeOf(call.outputShape);
    most = Math.max(most, waiting + FORWARD_COPIES * own + innerValues(call, shapes, 'forward'));
    waiting += own;
    for (const name of new Set(call.inputs)) if (lastReader.get(name) === i) waiting -= sizeNamed(name);
  });
  return most;
}

/** Shapes of one sample of every input and of every call's output, by name. */
type Shapes = ReadonlyMap<string, readonly number[]>;

function shapesOf({ inputs, calls }: Network): Shapes {
  const outputs = calls.map(({ name, outputShape }) => ({ name, shape: outputShape }));
  return new Map([...inputs, ...outputs].map(({ name, shape }) => [name, shape]));
}

/** How much larger the samples are than the network's free dimensions were given: more time steps, or pixels. */
function growthOf({ inputs }: Network, probe: Pick<Probe, 'inputs'>): number {
  return Math.max(1, ...inputs.map(({ shape }, k) => sizeOf(probe.inputs[k].shape) / Math.max(1, sizeOf(shape))));
}

/** Values that a call holds beside its output. */
function innerValues(
  { className, inputs, outputShape, weights, recurrence }: LayerCall,
  shapes: Shapes,
  direction: keyof BatchSizes,
): number {
  const [query = [1], key = query] = inputs.map((name) => shapes.get(name) ?? [1]);
  const [steps = 1] = query;
  if (recurrence !== null) {
    const everyStep = outputShape.length === query.length;
    return STEP_VALUES[recurrence][direction] * steps * (sizeOf(outputShape) / (everyStep ? Math.max(1, steps) : 1));
  }
  if (!ATTENTION.test(className)) return 0;
  // The scores: one for every head, query and key; additive attention makes a vector for each.
  const heads = weights.find(({ value }) => value.rank === 3)?.value.shape[1] ?? 1;
  const width = className === 'AdditiveAttention' ? (query[query.length - 1] ?? 1) : 1;
  return COPIES * heads * steps * (key[0] ?? 1) * width;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
