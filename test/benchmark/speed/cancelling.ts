/** How soon a diagnosis that is cancelled has ended, in the worker that the extension starts. */

import { once } from 'node:events';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { NodeFolder } from '../../../src/analysis/model/nodeFolder';
import { answerFrom } from '../../../src/analysis/threads/recordedFolder';
import { AnalysisWorker } from '../../../src/editor/analysisWorker';
import type { Stage } from '../../../src/report/report';
import { mobileNet, writeNetwork } from './networks';
import type { Places } from './processes';

/** One cancelled diagnosis. Milliseconds are counted from the request. */
export interface Cancelled {
  readonly threads: number;
  /** That the progress had named last. */
  readonly stage: Stage;
  /** Milliseconds until who had asked for the diagnosis was told. */
  readonly told: number;
  /** Milliseconds until the worker, and with it its helpers, was gone. */
  readonly gone: number;
  /** Milliseconds that this process computed afterwards, within `AFTERWARDS`. */
  readonly computed: number;
  /** Resident memory of this process in MB when it was cancelled, and afterwards. */
  readonly megabytes: readonly [number, number];
}

/** Samples by number of threads: helpers are started where there is enough to do. */
const RUNS = [
  { threads: 1, samples: 8 },
  { threads: 2, samples: 48 },
];
/** Moments of a diagnosis at which it is cancelled, evenly spaced. */
const MOMENTS = 12;
/** Milliseconds in which nothing should be computed any longer. */
const AFTERWARDS = 300;

/** Cancels diagnoses of MobileNetV2, each in a new worker, as the extension starts one after a diagnosis was cancelled. */
export async function measureCancelling({ root, models }: Places): Promise<readonly Cancelled[]> {
  const folder = path.join(models, mobileNet.id);
  await writeNetwork(mobileNet, folder);
  const all: Cancelled[] = [];
  for (const run of RUNS) {
    const diagnosis = (): Diagnosis => new Diagnosis(path.join(root, 'dist/worker.js'), new NodeFolder(folder), run);
    const whole = await diagnosis().toItsEnd();
    for (let moment = 0; moment < MOMENTS; moment++) {
      const cancelled = await diagnosis().cancelledAfter((whole * (moment + 0.5)) / MOMENTS);
      if (cancelled !== null) all.push(cancelled);
    }
  }
  return all;
}

class Diagnosis {
  private readonly worker: AnalysisWorker;
  private readonly abort = new AbortController();
  private readonly thread: Promise<readonly Worker[]>;
  private readonly end: Promise<'report' | 'cancelled'>;
  private stage: Stage = 'load';

  constructor(
    script: string,
    folder: NodeFolder,
    private readonly run: (typeof RUNS)[number],
  ) {
    this.worker = new AnalysisWorker(script);
    // Of a thread of this process when it is started; helpers are threads of the worker's.
    this.thread = once(process, 'worker') as Promise<Worker[]>;
    const { samples, threads: workers } = run;
    const running = this.worker.run({
      arguments: {
        model: { folder: { root: 0, path: folder.path }, file: 'model.json' },
        data: [],
        labels: null,
        samples,
        budget: { samples: null, seconds: null },
        seed: 0,
        scale: null,
        loss: null,
        columns: null,
        workers,
      },
      answer: (file) => answerFrom(folder, file),
      onProgress: ({ stage }) => (this.stage = stage),
      signal: this.abort.signal,
    });
    this.end = running.then(
      () => 'report',
      (error: unknown) => {
        if (this.abort.signal.aborted) return 'cancelled';
        throw error;
      },
    );
  }

  /** @returns milliseconds that the diagnosis takes, with the start of the worker. */
  async toItsEnd(): Promise<number> {
    const start = performance.now();
    await this.end;
    const milliseconds = performance.now() - start;
    this.worker.dispose();
    return milliseconds;
  }

  /** Null where the diagnosis ended before it could be cancelled. */
  async cancelledAfter(milliseconds: number): Promise<Cancelled | null> {
    const [thread] = await this.thread;
    const exit = once(thread, 'exit');
    await sleep(milliseconds);
    const { stage } = this;
    const before = megabytes();
    const start = performance.now();
    this.abort.abort();
    const end = await this.end;
    const told = performance.now() - start;
    this.worker.dispose();
    await exit;
    const gone = performance.now() - start;
    const cpu = process.cpuUsage();
    await sleep(AFTERWARDS);
    const { user, system } = process.cpuUsage(cpu);
    if (end === 'report') return null;
    const computed = (user + system) / 1000;
    return { threads: this.run.threads, stage, told, gone, computed, megabytes: [before, megabytes()] };
  }
}

const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;
