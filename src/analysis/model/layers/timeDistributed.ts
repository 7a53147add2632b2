/** Applies a layer to every step of a sequence, as Keras does: to all at once, as if they were samples. */

import { reshape, slice, stack, type Tensor, tidy, unstack, zeros } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import type { Config } from '../layerConfig';
import { isContainer, type Layer } from '../layerFacts';

/** Option of a call of whose output only the shape counts: one step tells it. */
export const SHAPE_ONLY = 'shapeOnly';

/** Steps of the sequence in the call in progress, by the wrapper. */
const steps = new WeakMap<Layer, number>();

/**
 * A TimeDistributed layer around `layer`. That of tfjs-layers 4.22.0 runs one step after the other, and takes its input
 * apart for that; a model inside, whose tensors may be many times larger than its input and output, still does.
 */
export function timeDistributed(config: Config, layer: Layer): Layer {
  const wrapper = layers.timeDistributed({ ...config, layer });
  wrapper.call = (inputs: Tensor | Tensor[], options: Record<string, unknown>): Tensor =>
    tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const [samples, length, ...shape] = x.shape;
      // The mask is one of steps, which the layer inside knows nothing of.
      const { [SHAPE_ONLY]: shapeOnly } = options;
      const rest = { ...options, mask: null, [SHAPE_ONLY]: false };
      const inner = (rows: Tensor): Tensor => {
        const y = layer.call(rows, rest);
        return Array.isArray(y) ? y[0] : y;
      };
      if (shapeOnly === true) {
        const { shape: own, dtype } = inner(reshape(slice(x, [0, 0], [-1, 1]), [samples, ...shape]));
        return zeros([samples, length, ...own.slice(1)], dtype);
      }
      if (isContainer(layer)) return stack(unstack(x, 1).map(inner), 1);
      steps.set(wrapper, length);
      try {
        const y = inner(reshape(x, [samples * length, ...shape]));
        return reshape(y, [samples, length, ...y.shape.slice(1)]);
      } finally {
        steps.delete(wrapper);
      }
    });
  return wrapper;
}

/**
 * Applies `work`, which wants one row per sample, to what the layer inside a running TimeDistributed works on:
 * `[samples * steps, ...]` becomes `[samples, steps, ...]` and back. For every other layer, `work` itself.
 */
export function onSamples(layer: Layer, z: Tensor, work: (z: Tensor) => Tensor): Tensor {
  const length = steps.get(layer);
  if (length === undefined) return work(z);
  return reshape(work(reshape(z, [z.shape[0] / length, length, ...z.shape.slice(1)])), z.shape);
}
