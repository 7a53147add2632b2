import * as tf from '@tensorflow/tfjs-core';
import type { Network, Weight } from '../model/network';

/** Runs `work`, which may assign the network's weights as it likes, and puts the saved ones back whatever happens. */
export function withScratchWeights<T>(network: Network, work: () => T): T {
  const variables = [...weightsOf(network).values()].map(({ value }) => value as tf.Variable);
  const saved = variables.map((variable) => variable.clone());
  try {
    return work();
  } finally {
    variables.forEach((variable, i) => variable.assign(saved[i]));
    tf.dispose(saved);
  }
}

/** Every weight of the network once, however many calls share it. */
export function weightsOf(network: Network): ReadonlyMap<tf.Tensor, Weight> {
  return new Map(network.calls.flatMap(({ weights }) => weights.map((weight) => [weight.value, weight] as const)));
}
