import { availableParallelism } from 'node:os';

/** Threads of a diagnosis at most. */
export const MOST_WORKERS = 4;

/** Threads of a diagnosis: as many as were asked for, or one less than there are processors; from 1 to 4. */
export function workerCount(asked: number | null): number {
  return Math.max(1, Math.min(MOST_WORKERS, asked ?? availableParallelism() - 1));
}
