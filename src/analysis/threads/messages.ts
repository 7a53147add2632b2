/** Messages between the thread that owns a diagnosis and those that help it. */

import type { DiagnosisProblem } from '../../report/errors';
import type { LossChoice } from '../model/trainingConfig';
import type { Job } from './jobs';
import type { FileAnswer } from './recordedFolder';

export type ToHelper =
  /** Comes before the first job, with all that is to be read of the model's folder. */
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly answers: readonly FileAnswer[];
      readonly file: string;
      readonly loss: LossChoice | null;
    }
  | {
      readonly kind: 'job';
      readonly number: number;
      readonly job: Job;
      /** Shared by all threads: how many parts have been taken. */
      readonly taken: Int32Array;
    }
  /** Forgets the model. */
  | { readonly kind: 'close' };

export type FromHelper =
  | { readonly kind: 'opened'; readonly fingerprint: number }
  | { readonly kind: 'result'; readonly number: number; readonly part: number; readonly result: unknown }
  /** No part of the job is left to take. */
  | { readonly kind: 'done'; readonly number: number }
  | { readonly kind: 'problem'; readonly problem: DiagnosisProblem };

/** Takes the next part of a job for this thread; null when none is left. */
export function takePart(taken: Int32Array, { parts }: Job): number | null {
  const part = Atomics.add(taken, 0, 1);
  return part < parts.length ? part : null;
}
