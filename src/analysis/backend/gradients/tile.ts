import { reshape, sum, Tile, type Tensor } from '@tensorflow/tfjs-core';
import { replaceGradient } from './gradient';

/**
 * The gradient of tiling: each value's is the sum over its copies. tfjs's own adds slice after slice, one per copy, which
 * is most of the time of a layer normalisation.
 */
export function registerTileGradient(): void {
  replaceGradient({
    kernelName: Tile,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => {
      const [x] = saved;
      const repetitions = attributes['reps'] as number[];
      return {
        x: () => {
          // [copies, length] for each axis; what is 1 is left out, so that few axes remain.
          const axes = x.shape.flatMap((length, axis) => [
            { length: repetitions[axis], copies: true },
            { length, copies: false },
          ]);
          const kept = axes.filter(({ length }) => length !== 1);
          const copies = kept.flatMap((axis, i) => (axis.copies ? [i] : []));
          const apart = reshape(
            dy as Tensor,
            kept.map(({ length }) => length),
          );
          return reshape(copies.length === 0 ? apart : sum(apart, copies), x.shape);
        },
      };
    },
  });
}
