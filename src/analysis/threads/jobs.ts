/** What the threads of a diagnosis are asked to do: a job of many parts, each of which any of them may take. */

import { Laboratory, type LaboratorySetup, type Trial } from '../experiment/laboratory';
import { measureChunk, type Chunk, type ChunkSetup } from '../measure/chunk';
import type { Network } from '../model/network';

export type Job =
  | { readonly kind: 'measure'; readonly setup: ChunkSetup; readonly parts: readonly Chunk[] }
  | { readonly kind: 'experiment'; readonly setup: LaboratorySetup; readonly parts: readonly Trial[] };

/** One thread's place to work on a job. What a part results in does not depend on the thread or on the other parts. */
export interface JobRunner {
  /** @returns plain data that another thread can be sent. */
  work(part: number): unknown;
  dispose(): void;
}

export function openJob(network: Network, job: Job): JobRunner {
  if (job.kind === 'measure') {
    return { work: (part) => measureChunk(network, job.setup, job.parts[part]), dispose: () => undefined };
  }
  const laboratory = new Laboratory(network, job.setup);
  return { work: (part) => laboratory.run(job.parts[part]), dispose: () => laboratory.dispose() };
}
