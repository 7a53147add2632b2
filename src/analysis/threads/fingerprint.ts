import { valuesOf } from '../backend/heap';
import type { Network } from '../model/network';

/**
 * FNV-1a hash (Fowler, Noll and Vo) of the names of the calls and the values of the weights: two threads that have read
 * the same files get the same.
 */
export function fingerprint({ calls }: Network): number {
  let hash = 0x811c9dc5;
  const add = (values: ArrayLike<number>): void => {
    for (let i = 0; i < values.length; i++) hash = Math.imul(hash ^ values[i], 0x01000193);
  };
  for (const { name, weights } of calls) {
    add(Array.from(name, (character) => character.codePointAt(0)!));
    for (const { value } of weights) {
      const values = valuesOf(value);
      // The bits, since the operator above cuts numbers down to integers.
      add(values instanceof Float32Array ? new Int32Array(values.buffer, values.byteOffset, values.length) : values);
    }
  }
  return hash;
}
