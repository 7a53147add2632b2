import type { Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

/** What tfjs-layers keeps in the `activation` of a layer. */
export interface ActivationObject {
  apply(z: Tensor): Tensor;
  getClassName(): string;
  getConfig(): Record<string, unknown>;
}

/** tfjs-layers makes these only inside its own layers, so one of those is asked for its own. */
export function activationObject(identifier: unknown): ActivationObject {
  const config = { activation: identifier ?? 'linear' } as Parameters<typeof layers.activation>[0];
  return (layers.activation(config) as unknown as { activation: ActivationObject }).activation;
}
