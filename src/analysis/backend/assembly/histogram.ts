/** As many as are kept while values are counted; twice those of a report. */
const BINS: i32 = 64;
/** Counts of pairs of bins; two tables take turns, so that a count seldom waits for that of equal neighbours. */
const TABLE_BYTES: usize = BINS * BINS * 4;
/** Added to a smaller integer n, 2^21 leaves 4 n in the last bits of a float32, and 2^15 leaves 256 n. */
const TIMES_4: f32 = 2097152;
const TIMES_256: f32 = 32768;

/** For fewer values, the tables take longer than they save. */
const LEAST_PAIRED: i32 = 1024;
/** Values whose pairs are found before they are counted: what is found for them stays in the first cache. */
const CHUNK: i32 = 512;
const PLACES_BYTES: usize = CHUNK << 1;

/** Bytes of `tables` of `countBins`: behind the tables there is room for what the counting needs at hand. */
export const pairTablesBytes: i32 = <i32>(2 * TABLE_BYTES + PLACES_BYTES + 5 * 16);

/**
 * Counts the values in bins: bin `floor(value * scale) - first`, with `first` between -2^23 and 2^23. `counts: [64]` of int32
 * are cleared first. What is not finite is left out; if `finite` says that there is no such value, two of them are counted
 * at once, in `tables`. The counts mean nothing if a finite value has another bin than 0 to 63, or if `finite` is wrong.
 */
export function countBins(
  values: usize, size: i32, scale: f32, first: i32, finite: bool, counts: usize, tables: usize,
): void {
  memory.fill(counts, 0, BINS * 4);
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD && finite && size >= LEAST_PAIRED) {
    i = size & ~7;
    countPairs(values, i, scale, first, tables);
    addPairs(tables, counts);
  }
  for (; i < size; i++) {
    const bin = Mathf.floor(load<f32>(at(values, i)) * scale) - <f32>first;
    if (bin >= 0 && bin < <f32>BINS) increment(at(counts, <i32>bin));
  }
}

/** @param size a multiple of 8. */
function countPairs(values: usize, size: i32, scale: f32, first: i32, tables: usize): void {
  memory.fill(tables, 0, 2 * TABLE_BYTES);
  const places = tables + 2 * TABLE_BYTES;
  for (let i: i32 = 0; i < size; i += CHUNK) {
    const count = min(CHUNK, size - i);
    findPairs(at(values, i), count, scale, first, tables, places);
    // Loaded from memory, the places come faster than lane by lane.
    for (let place = places, end = places + (<usize>count << 1); place < end; place += 16) {
      increment(load<u32>(place));
      incrementSecond(load<u32>(place, 4));
      increment(load<u32>(place, 8));
      incrementSecond(load<u32>(place, 12));
    }
  }
}

/** Writes where in the first of the tables every pair is counted: of each eight values, one of the first four and of the last. */
function findPairs(values: usize, size: i32, scale: f32, first: i32, tables: usize, places: usize): void {
  // V8 makes constants anew in every turn of a loop; what is loaded before stays in its register.
  const constants = places + PLACES_BYTES;
  v128.store(constants, f32x4.splat(scale));
  v128.store(constants, f32x4.splat(TIMES_4 - <f32>first), 16);
  v128.store(constants, f32x4.splat(TIMES_256 - <f32>first), 32);
  // Keeps the counting within the tables whatever the values are.
  v128.store(constants, i32x4.splat((BINS * BINS - 1) << 2), 48);
  v128.store(constants, i32x4.splat(<i32>tables), 64);
  const scales = v128.load(constants);
  const lowOffsets = v128.load(constants, 16);
  const highOffsets = v128.load(constants, 32);
  const mask = v128.load(constants, 48);
  const starts = v128.load(constants, 64);
  for (const end = at(values, size); values < end; values += 32, places += 16) {
    const low = f32x4.add(f32x4.floor(f32x4.mul(v128.load(values), scales)), lowOffsets);
    const high = f32x4.add(f32x4.floor(f32x4.mul(v128.load(values, 16), scales)), highOffsets);
    v128.store(places, i32x4.add(v128.and(i32x4.add(low, high), mask), starts));
  }
}

/** Adds to `counts` what both tables have counted of either bin of the pairs. */
function addPairs(tables: usize, counts: usize): void {
  for (let high: i32 = 0; high < BINS; high++) {
    let sums = i32x4.splat(0);
    for (let low: i32 = 0; low < BINS; low += 4) {
      const pairs = i32x4.add(v128.load(tables), v128.load(tables, TABLE_BYTES));
      v128.store(at(counts, low), i32x4.add(v128.load(at(counts, low)), pairs));
      sums = i32x4.add(sums, pairs);
      tables += 16;
    }
    const count = at(counts, high);
    store<i32>(count, load<i32>(count) + sumLanes(sums));
  }
}

// @ts-ignore: decorator of AssemblyScript
@inline
function increment(count: usize): void {
  store<i32>(count, load<i32>(count) + 1);
}

/** In the second of the tables. */
// @ts-ignore: decorator of AssemblyScript
@inline
function incrementSecond(count: usize): void {
  store<i32>(count, load<i32>(count, TABLE_BYTES) + 1, TABLE_BYTES);
}
