import { Worker } from 'node:worker_threads';
import { DiagnosisError } from '../../report/errors';
import type { HelperChannel, HelperPool } from './jobScheduler';
import type { FromHelper } from './messages';

/** Tells the script of the analysis worker that it is a helper. */
export const HELPER = 'helper';

/**
 * Multiplications that take as long as to start a thread with tfjs in it, read a model, and run code there that V8 has not
 * compiled yet. Measured with a MobileNetV2 and two threads: 8 samples (4e9 saved) gain nothing, 48 (1.3e10) a fifth.
 */
const START_OPERATIONS = 5e9;
/** The same for a thread that has been started, and only reads a model. */
const OPEN_OPERATIONS = 1e9;

/** Helpers in threads of Node, started when they are first needed. */
export class NodeHelperPool implements HelperPool {
  size = 0;
  private readonly channels: (NodeChannel | undefined)[] = [];

  /** @param script of the analysis worker. */
  constructor(private readonly script: string) {}

  startOperations(index: number): number {
    return this.channels[index] === undefined ? START_OPERATIONS : OPEN_OPERATIONS;
  }

  channel(index: number): HelperChannel {
    const present = this.channels[index];
    if (present !== undefined) return present;
    const channel = new NodeChannel(this.script, () => {
      if (this.channels[index] === channel) this.channels[index] = undefined;
    });
    this.channels[index] = channel;
    return channel;
  }

  /** Ends all threads. */
  dispose(): void {
    for (const channel of this.channels) channel?.terminate();
  }
}

class NodeChannel implements HelperChannel {
  private readonly worker: Worker;
  private onMessage: (message: FromHelper) => void = () => undefined;
  private onDeath: (error: Error) => void = () => undefined;

  constructor(
    script: string,
    private readonly onEnd: () => void,
  ) {
    // Not the options of the process: what is preloaded there is not meant for its threads.
    this.worker = new Worker(script, { workerData: HELPER, execArgv: [] });
    this.worker.on('message', (message: FromHelper) => this.onMessage(message));
    this.worker.on('error', (error) => this.end(deathOf(error)));
    this.worker.on('exit', (code) => this.end(DiagnosisError.from(`a worker ended with exit code ${code}`)));
  }

  post: HelperChannel['post'] = (message) => this.worker.postMessage(message);

  listen: HelperChannel['listen'] = (onMessage, onDeath) => {
    this.onMessage = onMessage;
    this.onDeath = onDeath;
  };

  terminate(): void {
    this.onDeath = () => undefined;
    this.onEnd();
    void this.worker.terminate();
  }

  private end(error: DiagnosisError): void {
    this.onEnd();
    this.onDeath(error);
  }
}

function deathOf(error: Error): DiagnosisError {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return DiagnosisError.from(error);
  return new DiagnosisError(
    'out-of-memory',
    'A worker ran out of memory.',
    null,
    'Give a smaller number of workers (--workers, activationDiagnostics.workers) or of samples.',
    { cause: error },
  );
}
