/** One forward pass, or one forward and one backward pass, over one batch. */

import * as tf from '@tensorflow/tfjs-core';
import type { LayerCall, Network, Substitute, TracedOutput, TraceObserver } from '../model/network';
import { withSquares } from '../backend/squares';
import { backPropagate, tap } from '../backend/tape';

/** Is shown every tensor of a pass while it is alive; keeps none of them. */
export interface PassObserver {
  preActivation?(call: LayerCall, z: tf.Tensor): void;
  output?(call: LayerCall, a: tf.Tensor, inputs: readonly tf.Tensor[]): void;
  /** Names another activation in place of the layer's own, or answers null to leave it. */
  substitute?(call: LayerCall): Substitute | null;
  /** `dy` is dLoss/dz of the call's pre-activation. */
  preActivationGradient?(call: LayerCall, dy: tf.Tensor): void;
  /** The states that a step of a recurrent layer has left. */
  states?(call: LayerCall, step: number, states: readonly tf.Tensor[]): void;
  /** `dy` is dLoss/d(state) of one of the states before or after a step; none arrives for those before the first. */
  stateGradient?(call: LayerCall, step: number, place: 'before' | 'after', dy: tf.Tensor): void;
  /** `dy` is dLoss/da of the call's output. */
  outputGradient?(call: LayerCall, dy: tf.Tensor): void;
}

/** Runs the batch through the network. Returns nothing: the observer has seen what there is. */
export function forward(network: Network, inputs: readonly tf.Tensor[], observer: PassObserver): void {
  tf.tidy(() => {
    network.trace(inputs, observing(observer));
  });
}

/** What a loss is computed from. */
export interface Heads {
  /** The network's outputs. */
  readonly outputs: readonly tf.Tensor[];
  /** Per output: the argument of a final softmax, sigmoid or the like, or the output as it is; null for what is consumed inside the network too. */
  readonly logits: readonly (tf.Tensor | null)[];
  /** Per output, the call that made it; null for a model input. */
  readonly calls: readonly (LayerCall | null)[];
}

/**
 * Runs the batch forward and back-propagates `loss` (a scalar of the heads). `onWeight` is shown dLoss/dW for every
 * floating-point weight that the loss depends on, once; null where only the gradients that the observer is shown are
 * wanted, which saves a third of the pass. Returns the value of the loss.
 */
export function forwardBackward(
  network: Network,
  inputs: readonly tf.Tensor[],
  loss: (heads: Heads) => tf.Scalar,
  observer: PassObserver,
  onWeight: ((weight: tf.Tensor, gradient: tf.Tensor) => void) | null,
): number {
  // Without weights, back-propagation ends at the first layers that have some.
  const first = onWeight === null ? firstWithWeights(network) : null;
  const taps: tf.Tensor[] = [];
  const onTap = (call: LayerCall, tapped: tf.Tensor): void => {
    if (first?.has(call.name)) taps.push(tapped);
  };
  const heads = new HeadArguments();
  const run = (): tf.Scalar => {
    const traced = network.trace(
      inputs,
      observing(observer, onTap, (call, z) => heads.keep(call, z)),
    );
    const outputs = traced.map(({ tensor }) => tensor);
    const calls = traced.map(({ call }) => call);
    return loss({ outputs, calls, logits: traced.map((output) => heads.logits(network, output)) });
  };
  const leaves = onWeight === null ? [] : uniqueWeights(network);
  const back = (): number => backPropagate(run, { leaves, taps, onGradient: onWeight ?? (() => undefined) });
  try {
    return observer.outputGradient ? withSquares(back) : back();
  } finally {
    heads.dispose();
  }
}

/** The weights that a gradient can be taken for, each once: all floating-point ones but running statistics. */
export function uniqueWeights(network: Network): tf.Tensor[] {
  const all = network.calls.flatMap(({ weights }) => weights);
  const differentiable = all.filter(({ name, value }) => value.dtype === 'float32' && !/^moving_/.test(name));
  return [...new Set(differentiable.map(({ value }) => value))];
}

/** Names of the calls with floating-point weights that no such call precedes: every gradient by weights passes one of them or ends behind it. */
function firstWithWeights(network: Network): ReadonlySet<string> {
  const weights = new Set(uniqueWeights(network));
  const first = new Set<string>();
  const behind = new Set<string>();
  // Calls come after what they consume.
  for (const { name, inputs, weights: own } of network.calls) {
    if (inputs.some((input) => behind.has(input))) behind.add(name);
    else if (own.some(({ value }) => weights.has(value))) first.add(name);
    if (first.has(name)) behind.add(name);
  }
  return first;
}

/** Families whose output hides how sure the network is: their gradient is looked at before them. */
const HIDING = new Set(['normalizing', 'saturating']);

/** Keeps the arguments of output activations beyond their layers' own scopes, until the loss has been computed from them. */
class HeadArguments {
  private readonly kept = new Map<string, tf.Tensor[]>();

  keep(call: LayerCall, z: tf.Tensor): void {
    if (call.role !== 'output' || call.activation === null || !HIDING.has(call.activation.family)) return;
    // The output of a recurrent layer is not made of its last arguments alone.
    if (call.recurrence !== null) return;
    this.kept.set(call.name, [...(this.kept.get(call.name) ?? []), tf.keep(z)]);
  }

  /** What the output was made of, looked for behind reshapings too. */
  logits(network: Network, { call, tensor }: TracedOutput): tf.Tensor | null {
    if (call?.role === 'hidden') return null;
    let source = call;
    while (source?.structural && source.inputs.length === 1) {
      const [before] = source.inputs;
      source = network.calls.find(({ name, role }) => name === before && role === 'output') ?? null;
    }
    const [z, ...others] = this.kept.get(source?.name ?? '') ?? [];
    return z !== undefined && others.length === 0 ? z : tensor;
  }

  dispose(): void {
    for (const tensors of this.kept.values()) tf.dispose(tensors);
  }
}

/** An observer of traces that shows everything to `observer` and, where it asks for gradients, taps them: `onTap` is told. */
function observing(
  observer: PassObserver,
  onTap?: (call: LayerCall, tapped: tf.Tensor) => void,
  onArgument?: (call: LayerCall, z: tf.Tensor) => void,
): TraceObserver {
  const tapped = (call: LayerCall, x: tf.Tensor, onGradient: (dy: tf.Tensor) => void): tf.Tensor => {
    const shown = tap(x, onGradient);
    onTap?.(call, shown);
    return shown;
  };
  return {
    ...(observer.substitute && { substitute: (call) => observer.substitute!(call) }),
    preActivation(call, z) {
      observer.preActivation?.(call, z);
      const argument = observer.preActivationGradient
        ? tapped(call, z, (dy) => observer.preActivationGradient!(call, dy))
        : z;
      onArgument?.(call, argument);
      return argument;
    },
    ...(observer.states && { states: (call, step, states) => observer.states!(call, step, states) }),
    ...(observer.stateGradient && {
      stateGradient: (call, step, place, dy) => observer.stateGradient!(call, step, place, dy),
    }),
    output(call, a, inputs) {
      observer.output?.(call, a, inputs);
      return observer.outputGradient ? tapped(call, a, (dy) => observer.outputGradient!(call, dy)) : a;
    },
  };
}
