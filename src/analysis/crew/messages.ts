/** Messages between the thread that owns a diagnosis and those that help it. */

import type { DiagnosisProblem } from '../../report/errors';
import type { FileRequest, FileResult, SharedFolder } from '../../report/protocol';
import type { LossChoice } from '../model/trainingConfig';
import type { Order } from './orders';

export type ToHelper =
  /** Comes before the first order; the files of the model are asked for by message. */
  | { readonly kind: 'open'; readonly folder: SharedFolder; readonly file: string; readonly loss: LossChoice | null }
  | {
      readonly kind: 'order';
      readonly number: number;
      readonly order: Order;
      /** Shared by all threads: how many parts have been taken. */
      readonly taken: Int32Array;
    }
  | { readonly kind: 'file'; readonly request: number; readonly result: FileResult }
  /** Forgets the model. */
  | { readonly kind: 'close' };

export type FromHelper =
  | { readonly kind: 'file'; readonly request: number; readonly file: FileRequest }
  | { readonly kind: 'opened'; readonly fingerprint: number }
  | { readonly kind: 'result'; readonly number: number; readonly part: number; readonly result: unknown }
  /** No part of the order is left to take. */
  | { readonly kind: 'done'; readonly number: number }
  | { readonly kind: 'problem'; readonly problem: DiagnosisProblem };

/** Takes the next part of an order for this thread; null when none is left. */
export function takePart(taken: Int32Array, { parts }: Order): number | null {
  const part = Atomics.add(taken, 0, 1);
  return part < parts.length ? part : null;
}
