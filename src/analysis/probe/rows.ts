import type { ArrayReader, Numbers } from './arrayReader';
import { sizeOf } from './inputStatistics';

/** Most numbers that are read from a file at once. */
const CHUNK = 4 * 1024 * 1024;

/**
 * Reads the given rows, in the order of the file and neighbours together, and shows each: its numbers begin at `from`,
 * and it is row `rows[position]` of the file.
 */
export async function visitRows(
  reader: ArrayReader,
  rows: readonly number[],
  visit: (numbers: Numbers, from: number, position: number) => void,
): Promise<void> {
  const size = sizeOf(reader.shape);
  const most = Math.max(1, Math.floor(CHUNK / size));
  const positions = rows.map((_, position) => position).sort((a, b) => rows[a] - rows[b]);
  for (let i = 0; i < positions.length; ) {
    const start = rows[positions[i]];
    let count = 1;
    while (count < most && i + count < positions.length && rows[positions[i + count]] === start + count) count++;
    const numbers = await reader.read(start, count);
    for (let row = 0; row < count; row++) visit(numbers, row * size, positions[i + row]);
    i += count;
  }
}
