/**
 * Recurrent layers as a whole, by the routines of ./assembly/recurrence.ts: the products of all inputs with the kernel are
 * one matrix product, and so are the gradients of the weights; only the state's own products go step by step. tfjs-layers
 * makes about twenty operations of each step, and keeps a gradient of the whole recurrent kernel for each.
 */

import {
  concat,
  engine,
  matMul,
  mul,
  reshape,
  slice,
  split,
  sum,
  tidy,
  unstack,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { heapTensor, newHeapTensor, wasmHeap, type Heap } from './heap';
import type { Pointer } from './heapKernels';

/** By the numbers of ./assembly/activation.ts. */
const ACTIVATIONS = ['linear', 'relu', 'sigmoid', 'tanh', 'hardSigmoid', 'hard_sigmoid_3'] as const;
export type CellActivation = (typeof ACTIVATIONS)[number];

export const isCellActivation = (name: string): name is CellActivation => ACTIVATIONS.some((known) => known === name);

/** `gru` resets the state before the product with the recurrent kernel, `gruResetAfter` that product. */
export type CellKind = 'simple' | 'lstm' | 'gru' | 'gruResetAfter';

/** Blocks of gates, and how often the activation is applied in a step: by an LSTM to its cell state too. */
const SIZES: Readonly<Record<CellKind, { readonly gates: number; readonly applications: number }>> = {
  simple: { gates: 1, applications: 1 },
  lstm: { gates: 4, applications: 2 },
  gru: { gates: 3, applications: 1 },
  gruResetAfter: { gates: 3, applications: 1 },
};

export interface RecurrentCell {
  readonly kind: CellKind;
  readonly activation: CellActivation;
  readonly gateActivation: CellActivation;
  /** `[features, gates * units]`. */
  readonly kernel: Tensor;
  /** `[units, gates * units]`. */
  readonly recurrentKernel: Tensor;
  /** `[gates * units]`, added to the products of the inputs. */
  readonly bias: Tensor | null;
  /** The same for the products of the state, of `gruResetAfter` alone. */
  readonly recurrentBias: Tensor | null;
}

/** One run of a cell along a sequence. */
export interface RecurrentCall {
  readonly cell: RecurrentCell;
  /** `[samples, steps, features]`, none of them 0. */
  readonly x: Tensor;
  /** `[samples, units]` each; null for zeros. */
  readonly initial: readonly Tensor[] | null;
  /** Whether the output of every step is wanted, or of the last. */
  readonly everyStep: boolean;
}

/** Is shown what happens within the layer. */
export interface RecurrenceObserver {
  /** Arguments of the cell's activation, `[samples, steps * applications, units]`; answers with the same values, tapped or as they are. */
  argument(z: Tensor): Tensor;
  /** What a step has left, `[samples, units]` each. */
  states?(step: number, states: readonly Tensor[]): void;
  /** dLoss/d(state) of one of the states before or after a step; not of those before the first. */
  stateGradient?(step: number, place: 'before' | 'after', dy: Tensor): void;
}

/** Whether there is a heap for `recur` to work on. */
export const canRecur = (): boolean => wasmHeap() !== null;

/**
 * The output, `[samples, steps, units]` or `[samples, units]`, and the states that the last step has left, `[samples, units]`
 * each. To be called within `tidy`.
 *
 * To the tape this is two operations, so that a tap may lie between: from inputs and weights to the arguments, given the states,
 * and from the arguments to the states. The second alone back-propagates through time: what it hands the first is the
 * whole gradient of every argument.
 */
export function recur(call: RecurrentCall, observer: RecurrenceObserver): Tensor[] {
  const { x, initial, everyStep } = call;
  const steps = x.shape[1]!;
  const { kernel, recurrentKernel, bias, recurrentBias } = call.cell;
  const values = forward(call);
  const { inputs, gates, h, c, inner } = values;
  const states = [h, ...(c === undefined ? [] : [c])];
  if (observer.states) showStates(states, observer);
  const [argument, sameGates] = differentiable(
    { x, kernel, recurrentKernel, ...(bias && { bias }), ...(recurrentBias && { recurrentBias }) },
    { inputs, gates, h, kernel },
    () => [values.argument, gates],
    ([, dGates], saved) => weightGradients(call, dGates, saved),
  );
  const [h0, c0] = initial ?? [];
  return differentiable(
    { argument: observer.argument(argument), gates: sameGates, ...(h0 && { h0 }), ...(c0 && { c0 }) },
    { gates, h, recurrentKernel, ...(c && { c }), ...(inner && { inner }) },
    () => [everyStep ? batchMajor(h) : stateAt(h, steps), ...states.map((state) => stateAt(state, steps))],
    (dys, saved) => backward(call, dys, saved, observer),
  );
}

/** What the backward pass needs. */
interface Saved {
  readonly gates: Tensor;
  readonly h: Tensor;
  readonly recurrentKernel: Tensor;
  readonly c?: Tensor;
  readonly inner?: Tensor;
}

interface Values extends Omit<Saved, 'recurrentKernel'> {
  /** Step by step, `[steps * samples, features]`. */
  readonly inputs: Tensor;
  readonly argument: Tensor;
}

/** Shapes as in ./assembly/recurrence.ts. */
function forward(call: RecurrentCall): Values {
  const { cell, x, initial } = call;
  const { kind, kernel, recurrentKernel, bias, recurrentBias } = cell;
  const [samples, steps, features] = x.shape;
  const [units, columns] = recurrentKernel.shape;
  const inputs = newHeapTensor([steps * samples, features]);
  const gates = newHeapTensor([steps, samples, columns]);
  const argument = newHeapTensor([samples, steps * SIZES[kind].applications, units]);
  const statesFrom = (first: Tensor | undefined): Tensor => {
    const states = newHeapTensor([steps + 1, samples, units]);
    if (first === undefined) view(states).fill(0, 0, samples * units);
    else view(states).set(view(first));
    return states;
  };
  const h = statesFrom(initial?.[0]);
  const c = kind === 'lstm' ? statesFrom(initial?.[1]) : undefined;
  const inner = kind === 'gruResetAfter' ? newHeapTensor([steps, samples, units]) : undefined;
  const { kernels, withScratch } = heap();
  kernels.swapAxes(at(x), at(inputs), samples, steps, features);
  const rows = steps * samples;
  kernels.matMul(at(inputs), at(kernel), at(bias), at(gates), 1, rows, features, columns, false, false, true, true);
  const sizes = cellSizes(call);
  if (kind === 'simple') kernels.simpleForward(at(gates), at(recurrentKernel), at(h), at(argument), ...sizes);
  else if (kind === 'lstm') kernels.lstmForward(at(gates), at(recurrentKernel), at(h), at(c), at(argument), ...sizes);
  else {
    withScratch(4 * samples * columns, (scratch) => {
      const pointers = [at(gates), at(recurrentKernel), at(recurrentBias), at(h), at(inner), at(argument)] as const;
      kernels.gruForward(...pointers, scratch, ...sizes);
    });
  }
  return { inputs, gates, argument, h, ...(c && { c }), ...(inner && { inner }) };
}

/** Gradients of the arguments and of the initial states, from those of the output and of the last states. */
function backward(call: RecurrentCall, dys: readonly Tensor[], saved: Saved, observer: RecurrenceObserver) {
  const { cell, x, everyStep } = call;
  const [dOutput, ...dLast] = dys;
  const [samples, steps] = x.shape;
  const { gates, h, recurrentKernel, c, inner } = saved;
  const [units, columns] = recurrentKernel.shape;
  const [dArgument, dGates, ...initial] = tidy(() => {
    const block = samples * units;
    const dArgument = newHeapTensor([samples, steps * SIZES[cell.kind].applications, units]);
    const dGates = newHeapTensor([steps, samples, columns]);
    const dh = newHeapTensor([steps, samples, units]);
    const given = newHeapTensor([steps, samples, units]);
    const dc = c && newHeapTensor([steps + 1, samples, units]);
    const { kernels, withScratch } = heap();
    const lastStep = (steps - 1) * block;
    if (everyStep) {
      kernels.swapAxes(at(dOutput), at(dh), samples, steps, units);
    } else {
      view(dh).fill(0, 0, lastStep);
      view(dh).set(view(dOutput), lastStep);
    }
    const last = view(dh).subarray(lastStep);
    view(dLast[0]).forEach((dy, i) => (last[i] += dy));
    if (dc) view(dc).set(view(dLast[1]), steps * block);
    const sizes = cellSizes(call);
    const kernel = at(recurrentKernel);
    const out = [at(given), at(dGates), at(dArgument)] as const;
    withScratch(4 * samples * columns, (scratch) => {
      if (cell.kind === 'simple') kernels.simpleBackward(kernel, at(h), at(dh), ...out, ...sizes);
      else if (dc) kernels.lstmBackward(at(gates), kernel, at(c), at(dh), at(dc), ...out, scratch, ...sizes);
      else kernels.gruBackward(at(gates), kernel, at(h), at(inner), at(dh), ...out, scratch, ...sizes);
    });
    if (observer.stateGradient) showGradients([dh, given], dc ?? null, observer);
    return [dArgument, dGates, stateAt(given, 0), ...(dc ? [stateAt(dc, 0)] : [])];
  });
  return { argument: () => dArgument, gates: () => dGates, h0: () => initial[0], c0: () => initial[1] };
}

/** Gradients of inputs and weights, from those of the arguments of all gates. */
function weightGradients(call: RecurrentCall, dGates: Tensor, saved: Omit<Values, 'argument'> & { kernel: Tensor }) {
  const [samples, steps, features] = call.x.shape;
  const { inputs, gates, h, kernel } = saved;
  const [units, columns] = call.cell.recurrentKernel.shape;
  const d = reshape(dGates, [-1, columns]);
  const before = (): Tensor => reshape(slice(h, 0, steps), [-1, units]);
  const ofReset = (): Tensor => reshape(slice(gates, [0, 0, units], [-1, -1, units]), [-1, units]);
  /** Of the products of the state, where the reset gate acts on them. */
  const dProducts = (): Tensor => {
    const [dFirst, dCandidate] = split(d, [2 * units, units], 1);
    return concat([dFirst, mul(dCandidate, ofReset())], 1);
  };
  const recurrentKernel = (): Tensor => {
    if (call.cell.kind === 'gruResetAfter') return matMul(before(), dProducts(), true);
    if (call.cell.kind !== 'gru') return matMul(before(), d, true);
    const [dFirst, dCandidate] = split(d, [2 * units, units], 1);
    return concat([matMul(before(), dFirst, true), matMul(mul(ofReset(), before()), dCandidate, true)], 1);
  };
  return {
    x: () => {
      const dx = newHeapTensor([samples, steps, features]);
      heap().kernels.swapAxes(at(matMul(d, kernel, false, true)), at(dx), steps, samples, features);
      return dx;
    },
    kernel: () => matMul(inputs, d, true),
    bias: () => sum(d, 0),
    recurrentKernel,
    recurrentBias: () => sum(dProducts(), 0),
  };
}

function showStates(states: readonly Tensor[], observer: RecurrenceObserver): void {
  tidy(() => {
    const [h, c] = states.map((state) => unstack(state));
    h.slice(1).forEach((left, step) => observer.states!(step, c === undefined ? [left] : [left, c[step + 1]]));
  });
}

/** @param dh of what the steps have left and of what they were given; `dc` is both, one step apart. */
function showGradients(dh: readonly Tensor[], dc: Tensor | null, observer: RecurrenceObserver): void {
  const [left, given] = dh.map((gradients) => unstack(gradients));
  const carried = dc && unstack(dc);
  for (let step = 0; step < left.length; step++) {
    for (const dy of [left[step], ...(carried ? [carried[step + 1]] : [])]) observer.stateGradient!(step, 'after', dy);
    if (step === 0) continue;
    for (const dy of [given[step], ...(carried ? [carried[step]] : [])]) observer.stateGradient!(step, 'before', dy);
  }
}

/** `[steps + 1, samples, units]` without the initial states, as `[samples, steps, units]`. */
function batchMajor(states: Tensor): Tensor {
  const [count, samples, units] = states.shape;
  const out = newHeapTensor([samples, count - 1, units]);
  heap().kernels.swapAxes(at(states) + 4 * samples * units, at(out), count - 1, samples, units);
  return out;
}

const stateAt = (states: Tensor, step: number): Tensor => reshape(slice(states, step, 1), states.shape.slice(1));

function cellSizes({ cell, x }: RecurrentCall): number[] {
  const [samples, steps] = x.shape;
  const activations = [cell.activation, cell.gateActivation].map((name) => ACTIVATIONS.indexOf(name));
  return [steps, samples, cell.recurrentKernel.shape[0], ...activations];
}

const heap = (): Heap => wasmHeap()!;

const at = (tensor: Tensor | null | undefined): Pointer => (tensor ? heapTensor(tensor)!.pointer : 0);

/** Valid until the next allocation. */
const view = (tensor: Tensor): Float32Array => heap().float32(at(tensor), tensor.size);

/** The tape's own way in, which tfjs calls private: operations with several outputs, and gradients for those inputs alone that want one. */
interface Tape {
  runKernelFunc(operation: {
    inputs: Record<string, Tensor>;
    forwardFunc(backend: unknown, save: (tensors: Tensor[]) => void): Tensor[];
    backwardsFunc(dys: Tensor[], saved: Tensor[]): Record<string, () => Tensor>;
  }): Tensor[];
}

/** An operation of at least two outputs whose backward pass is given `saved`. */
function differentiable<Saved extends object>(
  inputs: Record<string, Tensor>,
  saved: Saved,
  run: () => Tensor[],
  gradients: (dys: readonly Tensor[], saved: Saved) => Record<string, () => Tensor>,
): Tensor[] {
  const names = Object.keys(saved);
  return (engine() as unknown as Tape).runKernelFunc({
    inputs,
    forwardFunc: (_backend, save) => {
      save(Object.values(saved) as Tensor[]);
      return run();
    },
    backwardsFunc: (dys, tensors) =>
      gradients(dys, Object.fromEntries(names.map((name, i) => [name, tensors[i]])) as Saved),
  });
}
