/** Draws from [0, 1), or from another distribution where a function says so. */
export type Random = () => number;

/** What the state of mulberry32 grows by from one draw to the next. */
export const MULBERRY_STEP = 0x6d2b79f5;

/**
 * The mulberry32 generator (Tommy Ettinger, public domain), uniform on [0, 1) in steps of 2^-32. Its state is a
 * counter, so any place in the sequence costs one multiplication: `skip` is the number of draws to leave out.
 */
export function mulberry32(seed: number, skip = 0): Random {
  let state = stateAfter(seed, skip);
  return () => {
    state = (state + MULBERRY_STEP) | 0;
    return uniformAt(state);
  };
}

const stateAfter = (seed: number, skip: number): number => (seed + Math.imul(skip, MULBERRY_STEP)) | 0;

/** The draw that mulberry32 makes of a state. */
function uniformAt(state: number): number {
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
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
    const radius = radiusOf(uniform());
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Kept off 0, so that the logarithm is finite. */
const radiusOf = (u: number): number => Math.sqrt(-2 * Math.log(Math.max(u, 1e-12)));

/**
 * Fills the array with the draws of `normal(mulberry32(seed))`, but for the first `skip`: in half the time, since a function
 * that is called for each makes objects on the heap.
 */
export function drawNormal<T extends Float32Array | Int32Array>(values: T, seed: number, skip = 0): T {
  // Draws come in pairs: an odd beginning is the second of its pair.
  const odd = skip % 2;
  let state = stateAfter(seed, skip - odd);
  for (let i = -odd; i < values.length; i += 2) {
    const radius = radiusOf(uniformAt((state + MULBERRY_STEP) | 0));
    state = (state + 2 * MULBERRY_STEP) | 0;
    const angle = 2 * Math.PI * uniformAt(state);
    if (i >= 0) values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
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
