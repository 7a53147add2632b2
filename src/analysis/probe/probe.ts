import type { LabelRange, ProbeInput } from '../../report/report';

/** One value per element of an input, in the type that its tensor wants. */
export type InputValues = Float32Array | Int32Array;

export interface ProbeBatch {
  readonly samples: number;
  /** One per input of the network, row-major `[samples, ...probe.inputs[k].shape]`; integers for int32 and bool inputs. */
  readonly inputs: readonly InputValues[];
  /** One per output of the network, row-major `[samples, ...probe.labelShapes[k]]`; null without labels. */
  readonly labels: readonly Float32Array[] | null;
}

/**
 * Room for so many values, with undefined content: that of an array that is spent, where it is large enough. Large arrays
 * that become garbage instead are collected so late that many of them pile up.
 */
export function roomFor(length: number, spent: InputValues | undefined): ArrayBufferLike {
  const bytes = length * Float32Array.BYTES_PER_ELEMENT;
  return spent !== undefined && spent.buffer.byteLength >= bytes ? spent.buffer : new ArrayBuffer(bytes);
}

/** Lowest and highest value of every element of one sample of an input, for interval bounds. */
export interface InputBox {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  /** Whether the range is known beforehand or was only seen on the samples handed out so far. */
  readonly source: 'declared' | 'observed';
}

/** The samples that a network is probed with. The same arguments always give the same samples in the same order. */
export interface Probe {
  /** Number of samples that can be asked for; Infinity for a synthetic probe. */
  readonly available: number;
  /** One per input of the network, in its order. */
  readonly inputs: readonly Pick<ProbeInput, 'name' | 'shape' | 'source' | 'file'>[];
  /** Shape of one label per output of the network, class indices made one-hot; null without labels. */
  readonly labelShapes: readonly (readonly number[])[] | null;
  /**
   * Samples `start` to `start + count - 1`, fewer at the end of the data. Any cut into batches gives the same samples.
   * Rejects with `invalid-data` for values that the network cannot take.
   *
   * @param spent a batch of this probe that nobody needs any longer: its arrays may be written over.
   */
  batch(start: number, count: number, spent?: ProbeBatch): Promise<ProbeBatch>;
  /** Lowest and highest label handed out so far, per output; null without labels. */
  labelRanges(): readonly LabelRange[] | null;
  /** What was handed out so far, each sample counted once if batches were first asked for in ascending order. */
  summary(): ProbeInput[];
  /** Of the input with this index. */
  box(input: number): InputBox;
  /** What this probe cannot show, as far as the samples handed out so far tell, one sentence each. */
  readonly limits: readonly string[];
}
