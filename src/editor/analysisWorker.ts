import { Worker } from 'node:worker_threads';
import { DiagnosisError } from '../report/errors';
import type { DiagnoseArguments, FileRequest, FileResult, FromWorker, Progress, ToWorker } from '../report/protocol';
import type { Report } from '../report/report';

/** What one diagnosis needs from its surroundings. */
export interface DiagnosisRun {
  readonly arguments: DiagnoseArguments;
  /** Answers what the worker asks to read; never rejects. */
  answer(request: FileRequest): Promise<FileResult>;
  onProgress(progress: Progress): void;
  /** Aborting ends the worker and rejects the run with the code `cancelled`, at once. */
  readonly signal: AbortSignal;
}

/** An idle worker keeps tfjs loaded for the next diagnosis, in its helpers too; after this time (ms) their memory is given back. */
const IDLE = 120_000;

/**
 * Runs diagnoses in a worker thread, one at a time. The thread starts with the first diagnosis. Every run settles:
 * with a report, with the worker's own problem, or with `cancelled`, `out-of-memory` or `internal` when the thread
 * was ended, ran out of memory, or died; the next run then gets a new thread.
 */
export class AnalysisWorker {
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | null = null;
  #abandon: ((error: DiagnosisError) => void) | null = null;

  /** @param idle milliseconds without a diagnosis after which the thread, and the helpers that it has started, end. */
  constructor(
    private readonly script: string,
    private readonly idle = IDLE,
  ) {}

  async run(run: DiagnosisRun): Promise<Report> {
    this.#abandon?.(cancelled());
    if (run.signal.aborted) throw cancelled();
    if (this.#idle !== null) clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());

    return await new Promise<Report>((resolve, reject) => {
      const release = (): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        run.signal.removeEventListener('abort', onAbort);
        this.#abandon = null;
      };
      /** Ends the run without the worker's answer; the thread may hold half a diagnosis, so it ends too. */
      const abandon = (error: DiagnosisError): void => {
        release();
        this.#discard(worker);
        reject(error);
      };
      const onMessage = (message: FromWorker): void => {
        switch (message.kind) {
          case 'progress':
            return run.onProgress(message.progress);
          case 'file':
            return void run
              .answer(message.file)
              .then((result) => post(worker, { kind: 'file', request: message.request, result }));
          case 'report':
            release();
            this.#rest();
            return resolve(message.report);
          case 'problem':
            release();
            this.#rest();
            return reject(DiagnosisError.revive(message.problem));
        }
      };
      const onError = (error: NodeJS.ErrnoException): void => abandon(died(error));
      const onExit = (code: number): void => abandon(died(new Error(`the worker ended with exit code ${code}`)));
      const onAbort = (): void => abandon(cancelled());

      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      run.signal.addEventListener('abort', onAbort);
      this.#abandon = abandon;
      post(worker, { kind: 'diagnose', arguments: run.arguments });
    });
  }

  dispose(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#abandon?.(cancelled());
    if (this.#worker !== null) this.#discard(this.#worker);
  }

  #start(): Worker {
    const worker = new Worker(this.script);
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = null;
    };
    // Also when it dies between two diagnoses; a thread without a listener for `error` would take the host with it.
    worker.on('error', forget).on('exit', forget);
    return worker;
  }

  #rest(): void {
    const worker = this.#worker;
    if (worker === null) return;
    this.#idle = setTimeout(() => this.#discard(worker), this.idle);
    this.#idle.unref();
  }

  #discard(worker: Worker): void {
    if (this.#worker === worker) this.#worker = null;
    void worker.terminate();
  }
}

/** Hands file contents over without a copy where the buffer is theirs alone. */
function post(worker: Worker, message: ToWorker): void {
  const bytes = message.kind === 'file' && message.result.kind === 'bytes' ? message.result.bytes : null;
  const owned = bytes !== null && bytes.byteLength > 0 && bytes.byteLength === bytes.buffer.byteLength;
  worker.postMessage(message, owned ? [bytes.buffer as ArrayBuffer] : []);
}

export function cancelled(): DiagnosisError {
  return new DiagnosisError('cancelled', 'The diagnosis was cancelled.');
}

function died(error: NodeJS.ErrnoException): DiagnosisError {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new DiagnosisError(
      'out-of-memory',
      'The diagnosis ran out of memory.',
      null,
      'Set activationDiagnostics.probe.samples to a smaller number.',
      { cause: error },
    );
  }
  return DiagnosisError.from(error);
}
