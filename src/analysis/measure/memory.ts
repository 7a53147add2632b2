/** Estimates what a pass needs before it is run, so that batches are cut to fit. */

import type { LayerCall, Network } from '../model/network';
import type { Probe } from '../probe/probe';

/** What a diagnosis may take where nothing else is said, and by default at most: 2 GB. */
export const MAXIMUM_MEMORY = 2 ** 31;

/** Values (outputs of layers, over all samples) that one batch may hold, and its samples at most. */
const BATCH_VALUES = 2e7;
const BATCH_SAMPLES = 256;
/**
 * float32 values that a backward pass keeps at its peak per output value: measured, 5 (MobileNetV2, stacks of
 * convolutions) to 10 (separable convolutions) where values and not weights decide.
 */
const COPIES = 10;
/** The same per weight: its gradient, what is added up, and transposed copies. */
const WEIGHT_COPIES = 4;
/** Of a recurrent layer, for every unit and time step, as multiples of `COPIES`: 110 and 4 values were measured for LSTM, 84 and 3.3 for GRU. */
const STEP_COPIES = { backward: 12, forward: 1 };

const RECURRENT = /RNN|LSTM|GRU/;
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
      Math.floor(BATCH_VALUES / values),
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
  const weights = new Set(network.calls.flatMap((call) => call.weights.map(({ value }) => value)));
  const fixed = [...weights].reduce((sum, { size }) => sum + size, 0) * WEIGHT_COPIES;
  const left = memory / Float32Array.BYTES_PER_ELEMENT - fixed;
  return Math.max(1, Math.floor(left / (COPIES * valuesPerSample(network, probe, direction))));
}

/**
 * Values that one sample makes: outputs of layers, and what recurrent and attention layers keep beside theirs. A pass
 * holds about ten times as many at its peak.
 */
export function valuesPerSample(
  { calls, inputs }: Network,
  probe: Pick<Probe, 'inputs'>,
  direction: keyof BatchSizes,
): number {
  const shapes = new Map(
    [...inputs, ...calls.map(({ name, outputShape }) => ({ name, shape: outputShape }))].map(({ name, shape }) => [
      name,
      shape,
    ]),
  );
  const values = calls.reduce((sum, call) => sum + sizeOf(call.outputShape) + innerValues(call, shapes, direction), 1);
  // The data may have more time steps or pixels than the free dimensions were given.
  const growth = inputs.map(({ shape }, k) => sizeOf(probe.inputs[k].shape) / Math.max(1, sizeOf(shape)));
  return Math.ceil(values * Math.max(1, ...growth));
}

function innerValues(
  { className, inputs, outputShape, weights }: LayerCall,
  shapes: ReadonlyMap<string, readonly number[]>,
  direction: keyof BatchSizes,
): number {
  const [query = [1], key = query] = inputs.map((name) => shapes.get(name) ?? [1]);
  const [steps = 1] = query;
  if (RECURRENT.test(className)) {
    const everyStep = outputShape.length === query.length;
    return STEP_COPIES[direction] * steps * (sizeOf(outputShape) / (everyStep ? Math.max(1, steps) : 1));
  }
  if (!ATTENTION.test(className)) return 0;
  // The scores: one for every head, query and key; additive attention makes a vector for each.
  const heads = weights.find(({ value }) => value.rank === 3)?.value.shape[1] ?? 1;
  return heads * steps * (key[0] ?? 1) * (className === 'AdditiveAttention' ? (query[query.length - 1] ?? 1) : 1);
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
