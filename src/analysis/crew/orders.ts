/** What the threads of a crew are asked to do: an order of many parts, each of which any of them may take. */

import { Laboratory, type LaboratorySetup, type Trial } from '../experiment/laboratory';
import { measureChunk, type Chunk, type ChunkSetup } from '../measure/chunk';
import type { Network } from '../model/network';

export type Order =
  | { readonly kind: 'measure'; readonly setup: ChunkSetup; readonly parts: readonly Chunk[] }
  | { readonly kind: 'experiment'; readonly setup: LaboratorySetup; readonly parts: readonly Trial[] };

/** One thread's place to work on an order. What a part results in does not depend on the thread or on the other parts. */
export interface Bench {
  /** @returns plain data that another thread can be sent. */
  work(part: number): unknown;
  dispose(): void;
}

export function openBench(network: Network, order: Order): Bench {
  if (order.kind === 'measure') {
    return { work: (part) => measureChunk(network, order.setup, order.parts[part]), dispose: () => undefined };
  }
  const laboratory = new Laboratory(network, order.setup);
  return { work: (part) => laboratory.run(order.parts[part]), dispose: () => laboratory.dispose() };
}
