import { freemem } from 'node:os';
import { MAXIMUM_MEMORY } from './measure/memory';

/**
 * Bytes that a diagnosis may take: as many MB as were asked for, or a quarter of the free memory and at most 2 GB. The
 * quarter is rounded down to a power of two, so that it does not change with every other program on the machine.
 */
export function memoryBudget(megabytes: number | null): number {
  if (megabytes !== null) return megabytes * 2 ** 20;
  return Math.min(MAXIMUM_MEMORY, 2 ** Math.floor(Math.log2(freeMemory() / 4)));
}

/** Within the limit of a container, where there is one. */
function freeMemory(): number {
  const limit = process.constrainedMemory() ?? 0;
  const free = freemem();
  if (limit <= 0) return free;
  return Math.max(1, Math.min(free, limit - process.memoryUsage.rss()));
}
