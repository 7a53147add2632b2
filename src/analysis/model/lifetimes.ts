import { engine, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Releases the tensors of one run through a network as soon as nothing will read them any more, so that no more of them are
 * held at a time than the network's shape demands. Where gradients are taken, the tape decides what stays.
 *
 * @template Place where a tensor is read from and written to; the same tensor may stand in several.
 */
export class Lifetimes<Place> {
  /** Reads to come, by place. */
  private readonly reads = new Map<Place, number>();
  /** Reads to come, by tensor. */
  private readonly pending = new Map<Tensor, number>();

  /**
   * @param reads every place that will be read, as often as it will be.
   * @param results places whose tensors outlive the run.
   * @param borrowed tensors of others, which may come to stand in places of this run.
   */
  constructor(
    reads: Iterable<Place>,
    results: Iterable<Place>,
    private readonly borrowed: ReadonlySet<Tensor> = new Set(),
  ) {
    if (engine().isTapeOn()) return;
    for (const place of reads) this.reads.set(place, (this.reads.get(place) ?? 0) + 1);
    for (const place of results) this.reads.set(place, Infinity);
  }

  /** Call before the tensor's maker tells what it has read. */
  written(place: Place, tensor: Tensor): void {
    const reads = this.reads.get(place);
    if (reads !== undefined && !this.borrowed.has(tensor)) {
      this.pending.set(tensor, (this.pending.get(tensor) ?? 0) + reads);
    }
  }

  read(tensor: Tensor): void {
    const pending = this.pending.get(tensor);
    if (pending === undefined) return;
    this.pending.set(tensor, pending - 1);
    if (pending === 1) tensor.dispose();
  }
}
