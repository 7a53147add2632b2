/** Spreads the heavy parts of a diagnosis over several threads, in such a way that the report does not tell how many there were. */

import { nextFrame } from '@tensorflow/tfjs-core';
import { DiagnosisError } from '../../report/errors';
import type { LaboratorySetup, Trial, TrialResults } from '../experiment/laboratory';
import type { Chunk, ChunkMeasurement, ChunkSetup } from '../measure/chunk';
import { MAXIMUM_MEMORY } from '../measure/memory';
import type { Network } from '../model/network';
import type { LossChoice } from '../model/trainingConfig';
import type { ProbeBatch } from '../probe/probe';
import { fingerprint } from './fingerprint';
import { takePart, type FromHelper, type ToHelper } from './messages';
import { openJob, type Job } from './jobs';
import type { RecordedFolder } from './recordedFolder';

/** What a job costs, estimated. */
export interface Cost {
  /** Multiplications of all parts together. */
  readonly operations: number;
  /** Memory that a thread takes for a part. */
  readonly bytes: number;
}

/** One thread that runs a `HelperThread`. */
export interface HelperChannel {
  post(message: ToHelper): void;
  /** In place of earlier listeners. `onDeath` is called when the thread ends by itself. */
  readonly listen: (onMessage: (message: FromHelper) => void, onDeath: (error: Error) => void) => void;
  terminate(): void;
}

/** Threads that can help, kept between diagnoses. */
export interface HelperPool {
  /** How many there may be. */
  readonly size: number;
  /** Multiplications that take as long as to make this thread ready for a model. */
  startOperations(index: number): number;
  /** Starts the thread where it has not been. */
  channel(index: number): HelperChannel;
}

export interface SchedulerOptions {
  /** Bytes that all threads together may take; 2 GB where nothing is said. */
  readonly memory?: number | undefined;
  /** Absent: this thread works alone. */
  readonly helpers?: HelperPool | undefined;
  /** The files that the network was loaded from, for the helpers. */
  readonly model?: { readonly folder: RecordedFolder; readonly file: string; readonly loss: LossChoice | null };
}

/**
 * Spreads the jobs of one diagnosis over threads: this one and, where the work is worth it and the memory has room, helpers. Each
 * takes the next part of a job as soon as it has done one; results are handed over in the order of the parts.
 */
export class JobScheduler {
  private readonly helpers: Helper[] = [];
  private jobs = 0;

  constructor(
    private readonly network: Network,
    private readonly options: SchedulerOptions = {},
  ) {}

  /** Threads at most. */
  get size(): number {
    return 1 + (this.options.helpers?.size ?? 0);
  }

  /** Starts the helpers that are worth it for work that is to be expected, so that they are ready when it comes. */
  async prepare(cost: Cost): Promise<void> {
    await this.helpersFor(Infinity, cost);
  }

  /** The same samples in memory that all threads see, so that none gets a copy; as they are where this thread works alone. */
  share(batch: ProbeBatch): ProbeBatch {
    if (this.size === 1) return batch;
    const { inputs, labels, samples } = batch;
    return { samples, inputs: inputs.map(shared), labels: labels?.map(shared) ?? null };
  }

  /** Measures chunks. Rejects with what a thread failed with; the scheduler is of no use then, and to be closed. */
  measure(
    setup: ChunkSetup,
    parts: readonly Chunk[],
    cost: Cost,
    onResult: (measurement: ChunkMeasurement) => void,
  ): Promise<void> {
    return this.spread({ kind: 'measure', setup, parts }, cost, onResult);
  }

  /** Makes experiments; as `measure`. */
  experiment(
    setup: LaboratorySetup,
    parts: readonly Trial[],
    cost: Cost,
    onResult: (result: TrialResults[Trial['kind']]) => void,
  ): Promise<void> {
    return this.spread({ kind: 'experiment', setup, parts }, cost, onResult);
  }

  /** Lets the helpers go: those that have nothing left to do wait for the next diagnosis, others are ended. */
  close(): void {
    for (const helper of this.helpers.splice(0)) helper.close();
  }

  private async spread<R>(job: Job, cost: Cost, onResult: (result: R) => void): Promise<void> {
    const helpers = await this.helpersFor(job.parts.length, cost);
    const taken = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const results = new InOrder<R>(job.parts.length, onResult);
    const number = this.jobs++;
    for (const helper of helpers) helper.take(number, job, taken, (part, result) => results.put(part, result as R));
    const failed = Promise.race(helpers.map((helper) => helper.failed));
    failed.catch(() => undefined);

    const runner = openJob(this.network, job);
    try {
      for (let part = takePart(taken, job); part !== null; part = takePart(taken, job)) {
        results.put(part, runner.work(part) as R);
        // Lets in what the helpers have sent, so that it does not pile up.
        if (helpers.length > 0) await Promise.race([nextFrame(), failed]);
      }
    } finally {
      runner.dispose();
    }
    if (helpers.length === 0) return;
    await Promise.race([results.complete, failed]);
    // What is still reading the model has taken no part.
    const working = helpers.filter(({ isOpen }) => isOpen).map((helper) => helper.finished(number));
    await Promise.race([Promise.all(working), failed]);
  }

  /** The helpers that are worth their start, within the memory. */
  private async helpersFor(parts: number, { operations, bytes }: Cost): Promise<readonly Helper[]> {
    const { helpers: pool, model, memory = MAXIMUM_MEMORY } = this.options;
    if (pool === undefined || model === undefined) return [];
    const most = Math.min(pool.size, Math.floor(memory / bytes) - 1, parts - 1);
    const starting: Helper[] = [];
    for (let i = this.helpers.length; i < most; i++) {
      // What a thread more saves: of n threads each does 1/n of the work.
      if (operations / ((i + 1) * (i + 2)) < pool.startOperations(i)) break;
      starting.push(new Helper(pool.channel(i), model.file));
      this.helpers.push(starting[starting.length - 1]);
    }
    if (starting.length > 0) {
      const answers = await model.folder.answers();
      const expected = fingerprint(this.network);
      for (const helper of starting) helper.open({ ...model, path: model.folder.path, answers }, expected);
    }
    return this.helpers.slice(0, Math.max(0, most));
  }
}

/** A helper as the owner of the diagnosis sees it. */
class Helper {
  /** Rejects when it has failed, and never resolves. */
  readonly failed: Promise<never>;
  isOpen = false;
  private fail!: (error: Error) => void;
  /** Fingerprint of the network that it must have read. */
  private expected = 0;
  /** Orders that it has not said to be done with. */
  private readonly pending = new Map<number, PendingJob>();

  constructor(
    private readonly channel: HelperChannel,
    private readonly file: string,
  ) {
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
    channel.listen(
      (message) => this.receive(message),
      (error) => this.fail(error),
    );
  }

  /** Has it read the model, and checks that it has read the same. */
  open(model: Omit<Extract<ToHelper, { kind: 'open' }>, 'kind'>, expected: number): void {
    const { path, answers, file, loss } = model;
    this.expected = expected;
    this.channel.post({ kind: 'open', path, answers, file, loss });
  }

  take(number: number, job: Job, taken: Int32Array, onResult: PendingJob['onResult']): void {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    this.pending.set(number, { onResult, finish, finished });
    this.channel.post({ kind: 'job', number, job, taken });
  }

  /** Resolves when nothing of the job is left to take. */
  async finished(number: number): Promise<void> {
    await this.pending.get(number)?.finished;
  }

  close(): void {
    if (this.isOpen && this.pending.size === 0) this.channel.post({ kind: 'close' });
    else this.channel.terminate();
  }

  private receive(message: FromHelper): void {
    switch (message.kind) {
      case 'opened':
        this.isOpen = true;
        if (message.fingerprint !== this.expected) this.fail(changed(this.file));
        return;
      case 'result':
        try {
          return this.pending.get(message.number)!.onResult(message.part, message.result);
        } catch (error) {
          return this.fail(error as Error);
        }
      case 'done':
        this.pending.get(message.number)!.finish();
        this.pending.delete(message.number);
        return;
      case 'problem':
        return this.fail(DiagnosisError.revive(message.problem));
    }
  }
}

interface PendingJob {
  readonly onResult: (part: number, result: unknown) => void;
  readonly finish: () => void;
  readonly finished: Promise<void>;
}

/** Hands results on in the order of the parts, whatever order they come in. */
class InOrder<R> {
  /** Resolves when all have been handed on. */
  readonly complete: Promise<void>;
  private readonly waiting = new Map<number, R>();
  private next = 0;
  private resolve = (): void => undefined;

  constructor(
    private readonly count: number,
    private readonly onResult: (result: R) => void,
  ) {
    this.complete = new Promise((resolve) => (this.resolve = resolve));
  }

  put(part: number, result: R): void {
    this.waiting.set(part, result);
    while (this.waiting.has(this.next)) {
      const ready = this.waiting.get(this.next) as R;
      this.waiting.delete(this.next++);
      this.onResult(ready);
    }
    if (this.next === this.count) this.resolve();
  }
}

function shared<T extends Float32Array | Int32Array>(values: T): T {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const copy = new (values.constructor as new (buffer: SharedArrayBuffer) => T)(
    new SharedArrayBuffer(values.byteLength),
  );
  copy.set(values);
  return copy;
}

function changed(file: string): DiagnosisError {
  return new DiagnosisError(
    'file-unreadable',
    `"${file}" or its weights changed while they were read.`,
    file,
    'Diagnose the model again.',
  );
}
