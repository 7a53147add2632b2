import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Job, JobResult } from './jobs';

/**
 * Hands the jobs to as many processes as there are cores, one at a time each; a process holds one tfjs engine, and jobs
 * of one kind only, so that what one kind changes in tfjs never reaches the other.
 */
export async function runJobs<J extends Job>(
  script: string,
  scriptArguments: readonly string[],
  jobs: readonly J[],
  onResult: (result: JobResult) => void,
): Promise<void> {
  const waiting = [...jobs];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(script, scriptArguments);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${script} ended with code ${code}.`))));
      child.on('message', (result: JobResult) => {
        onResult(result);
        handOut(child);
      });
      handOut(child);
    });
  const handOut = (child: ChildProcess): void => {
    const job = waiting.shift();
    if (job === undefined) child.disconnect();
    else child.send(job);
  };
  const processes = Math.min(availableParallelism(), 4, jobs.length);
  await Promise.all(Array.from({ length: processes }, work));
}
