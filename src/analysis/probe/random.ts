/** Draws from [0, 1), or from another distribution where a function says so. */
export type Random = () => number;

/** What the state of mulberry32 grows by from one draw to the next. */
export const MULBERRY_STEP = 0x6d2b79f5;

/**
 * The mulberry32 generator (Tommy Ettinger, public domain), uniform on [0, 1) in steps of 2^-32. Its state is a
 * counter, so any place in the sequence costs one multiplication: `skip` is the number of draws to leave out.
 */
export function mulberry32(seed: number, skip = 0): Random {
  let state = (seed + Math.imul(skip, MULBERRY_STEP)) | 0;
  return () => {
    state = (state + MULBERRY_STEP) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Standard normal draws by Box and Muller (1958): two uniform draws make two normal ones. */
export function normal(uniform: Random): Random {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    // Keeps the logarithm finite.
    const u = Math.max(uniform(), 1e-12);
    const angle = 2 * Math.PI * uniform();
    const radius = Math.sqrt(-2 * Math.log(u));
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Fills the array with draws, one after another, and returns it. */
export function drawInto(values: Float32Array, draw: Random): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

/**
 * The integers of `[0, total)` in random order, one per call (the Fisher-Yates shuffle, drawn as it is asked for).
 * Memory grows with the number of calls, not with `total`.
 */
export function randomOrder(total: number, uniform: Random): () => number {
  const moved = new Map<number, number>();
  let next = 0;
  return () => {
    const here = next++;
    const there = here + Math.floor(uniform() * (total - here));
    const drawn = moved.get(there) ?? there;
    moved.set(there, moved.get(here) ?? here);
    moved.delete(here);
    return drawn;
  };
}
