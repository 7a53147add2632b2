import { relu, type Tensor } from '@tensorflow/tfjs-core';
import type { LayerCall, Substitute, TraceObserver } from './network';

const SUBSTITUTES: Readonly<Record<Substitute, (z: Tensor) => Tensor>> = { relu, linear: (z) => z };

/** The output of the activation that the observer puts in place of the layer's own; null where it leaves that. */
export function substituted(observer: TraceObserver, call: LayerCall, z: Tensor): Tensor | null {
  const name = observer.substitute?.(call) ?? null;
  return name === null ? null : SUBSTITUTES[name](z);
}
