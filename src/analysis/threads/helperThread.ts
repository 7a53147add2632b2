/** A thread that helps with the diagnosis of another: loads the same model, takes parts of its jobs. */

import { DiagnosisError } from '../../report/errors';
import { loadNetwork } from '../model/load';
import type { Network } from '../model/network';
import { fingerprint } from './fingerprint';
import { takePart, type FromHelper, type ToHelper } from './messages';
import { openJob, type JobRunner } from './jobs';
import { answeredFolder } from './recordedFolder';

export class HelperThread {
  private network: Network | null = null;
  /** Models are opened and jobs worked on one after another. */
  private last: Promise<void> = Promise.resolve();

  /** @param start starts tfjs's backend, once. */
  constructor(
    private readonly post: (message: FromHelper) => void,
    private readonly start: () => Promise<void>,
  ) {}

  receive(message: ToHelper): void {
    this.last = this.last
      .then(() => this.follow(message))
      .catch((error: unknown) => this.post({ kind: 'problem', problem: DiagnosisError.from(error).problem }));
  }

  private async follow(message: ToHelper): Promise<void> {
    switch (message.kind) {
      case 'open': {
        const { path, answers, file, loss } = message;
        const folder = answeredFolder(path, answers);
        this.network = await loadNetwork(folder, file, { loss, backend: this.start() });
        return this.post({ kind: 'opened', fingerprint: fingerprint(this.network) });
      }
      case 'job':
        this.work(message);
        return this.post({ kind: 'done', number: message.number });
      case 'close':
        this.network?.dispose();
        this.network = null;
    }
  }

  private work({ number, job, taken }: Extract<ToHelper, { kind: 'job' }>): void {
    // Others may have done it all while the model was being read here.
    let runner: JobRunner | null = null;
    try {
      for (let part = takePart(taken, job); part !== null; part = takePart(taken, job)) {
        runner ??= openJob(this.network!, job);
        this.post({ kind: 'result', number, part, result: runner.work(part) });
      }
    } finally {
      runner?.dispose();
    }
  }
}
