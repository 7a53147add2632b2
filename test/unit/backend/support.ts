import { createRequire } from 'node:module';
import path from 'node:path';

/** Folder of tfjs's .wasm files in the installed package. */
export const WASM_FOLDER =
  path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')) + '/dist/';

export interface Random {
  /** Uniform on [0, 1). */
  uniform(): number;
  /** Standard normal (Box and Muller). */
  normal(): number;
  /** Uniform integer in [low, high]. */
  integer(low: number, high: number): number;
  /** Standard normal float32 values. */
  normals(size: number): Float32Array;
}

/** The minimal standard generator of Park and Miller (1988). */
export function seededRandom(seed: number): Random {
  let state = (seed % 2147483646) + 1;
  const uniform = (): number => {
    state = (state * 16807) % 2147483647;
    return (state - 1) / 2147483646;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal,
    integer: (low, high) => low + Math.floor(uniform() * (high - low + 1)),
    normals: (size) => Float32Array.from({ length: size }, normal),
  };
}
