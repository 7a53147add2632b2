const BINS: i32 = 32;
/** Counts of pairs of bins; two tables take turns, so that a count seldom waits for that of equal neighbours. */
const TABLE_BYTES: usize = BINS * BINS * 4;
/** 2^23: added to a smaller integer, it leaves that in the last bits of a float32. */
const INTEGER_BITS: f32 = 8388608;

/** Bytes of `tables` of `countBins`. */
export const pairTablesBytes: i32 = <i32>(2 * TABLE_BYTES);

/**
 * Counts the finite values in bins: bin `floor(value * scale) - first`, which must lie within 0 to 31, with `first`
 * between -2^23 and 2^23. `counts: [32]` of int32 are cleared first. Where all values are finite, two of them are counted
 * at once, in `tables`.
 */
export function countBins(
  values: usize, size: i32, scale: f32, first: i32, finite: bool, counts: usize, tables: usize,
): void {
  memory.fill(counts, 0, BINS * 4);
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD && finite && size >= 8) {
    i = size & ~7;
    countPairs(values, i, scale, first, tables);
    addPairs(tables, counts);
  }
  for (; i < size; i++) {
    const value = load<f32>(values + (<usize>i << 2));
    if (value - value == 0) increment(counts, <i32>Mathf.floor(value * scale) - first);
  }
}

function countPairs(values: usize, size: i32, scale: f32, first: i32, tables: usize): void {
  memory.fill(tables, 0, 2 * TABLE_BYTES);
  const scales = f32x4.splat(scale);
  const offsets = f32x4.splat(INTEGER_BITS - <f32>first);
  // Keeps the counting within the tables whatever the values are.
  const mask = i32x4.splat(BINS * BINS - 1);
  for (let end = values + (<usize>size << 2); values < end; values += 32) {
    const low = f32x4.add(f32x4.floor(f32x4.mul(v128.load(values), scales)), offsets);
    const high = f32x4.add(f32x4.floor(f32x4.mul(v128.load(values, 16), scales)), offsets);
    const pair = v128.and(i32x4.add(low, i32x4.shl(high, 5)), mask);
    increment(tables, i32x4.extract_lane(pair, 0));
    increment(tables + TABLE_BYTES, i32x4.extract_lane(pair, 1));
    increment(tables, i32x4.extract_lane(pair, 2));
    increment(tables + TABLE_BYTES, i32x4.extract_lane(pair, 3));
  }
}

function addPairs(tables: usize, counts: usize): void {
  for (let high: i32 = 0; high < BINS; high++) {
    let sum: i32 = 0;
    for (let low: i32 = 0; low < BINS; low++) {
      const pairs = load<i32>(tables) + load<i32>(tables + TABLE_BYTES);
      const count = counts + (<usize>low << 2);
      store<i32>(count, load<i32>(count) + pairs);
      sum += pairs;
      tables += 4;
    }
    const count = counts + (<usize>high << 2);
    store<i32>(count, load<i32>(count) + sum);
  }
}

// @ts-ignore: decorator of AssemblyScript
@inline
function increment(table: usize, index: i32): void {
  const to = table + (<usize>index << 2);
  store<i32>(to, load<i32>(to) + 1);
}
