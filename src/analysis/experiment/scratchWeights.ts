import * as tf from '@tensorflow/tfjs-core';
import type { Network, Weight } from '../model/network';

/** Lets the network's weights be assigned as one likes, until `dispose` puts the saved ones back. */
export class ScratchWeights {
  private readonly saved: readonly (readonly [tf.Variable, tf.Tensor])[];

  constructor(network: Network) {
    this.saved = [...weightsOf(network).values()].map(({ value }) => [value as tf.Variable, value.clone()] as const);
  }

  /** Puts the saved weights back. */
  restore(): void {
    for (const [variable, value] of this.saved) variable.assign(value);
  }

  /** Puts them back for good. */
  dispose(): void {
    this.restore();
    tf.dispose(this.saved.map(([, value]) => value));
  }
}

/** Every weight of the network once, however many calls share it. */
export function weightsOf(network: Network): ReadonlyMap<tf.Tensor, Weight> {
  return new Map(network.calls.flatMap(({ weights }) => weights.map((weight) => [weight.value, weight] as const)));
}
