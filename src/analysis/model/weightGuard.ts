/** Keeps a hostile topology from allocating: no layer may declare more weights than the file holds. */

import { zeros, type DataType, type Tensor } from '@tensorflow/tfjs-core';
import { layers, type LayerVariable } from '@tensorflow/tfjs-layers';
import { DiagnosisError } from '../../report/errors';
import { heapZeros } from '../backend/heap';
import type { Layer } from './layerFacts';
import { sizeOf } from './savedWeight';

type AddWeight = (
  this: Layer,
  name: string,
  shape: number[],
  dtype: string,
  initializer: unknown,
  ...rest: unknown[]
) => LayerVariable;

const ZEROS = {
  apply: (shape: number[], dtype: DataType = 'float32'): Tensor =>
    dtype === 'float32' ? heapZeros(shape) : zeros(shape, dtype),
};

/**
 * Runs `build` with every weight created as zeros, which are overwritten from the file anyway (initialising orthogonal
 * kernels takes seconds), and refused with `weights-mismatch` when it has more values than `savedValues`.
 *
 * All weights of tfjs-layers 4.22.0, also those of nested, wrapped and recurrent layers, come from `Layer.addWeight`.
 */
export function withGuardedWeights<T>(savedValues: number, build: () => T): T {
  const prototype = layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const original = prototype.addWeight;
  const created: LayerVariable[] = [];
  prototype.addWeight = function (name, shape, dtype, _initializer, regularizer, trainable, constraint) {
    const size = sizeOf(shape);
    if (!(size <= savedValues)) {
      throw new DiagnosisError(
        'weights-mismatch',
        `The layer "${this.name}" needs a ${name} of shape [${shape.join(', ')}], but the saved weights hold only ${savedValues} values in all.`,
        this.name,
        'The topology and the weights do not belong together: use the pair that was saved together.',
      );
    }
    const weight = original.call(this, name, shape, dtype, ZEROS, regularizer, trainable, constraint, () => ZEROS);
    created.push(weight);
    return weight;
  };
  try {
    return build();
  } catch (error) {
    for (const weight of created) weight.dispose();
    throw error;
  } finally {
    prototype.addWeight = original;
  }
}
