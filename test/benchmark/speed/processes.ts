/** Child processes that are timed. */

import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

export interface Places {
  /** Of the project. */
  readonly root: string;
  /** Of the bundles that scripts/benchmark.mjs makes. */
  readonly bundles: string;
  /** Where the networks are written. */
  readonly models: string;
}

/** OpenBLAS with settings made for other processors would be slower than PyTorch's users have it. */
function environment(): NodeJS.ProcessEnv {
  const own = { ...process.env };
  delete own['OPENBLAS_CORETYPE'];
  delete own['OPENBLAS_L2_SIZE'];
  return own;
}

/** A Python that can import torch; null where there is none. */
export function torchPython(): string | null {
  const found = ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );
  return found ?? null;
}

/** A process that answers one line of JSON to each line it is sent (./serve.ts). */
export class Server {
  private readonly answers: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Rejects when the process cannot start. */
  static async start(command: string, args: readonly string[]): Promise<Server> {
    const child = spawn(command, args, { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
    // Writing to one that has ended is told by its missing answer.
    child.stdin.on('error', () => undefined);
    const server = new Server(child);
    if ((await server.answers.next()).done) throw new Error(complaint.trim().split('\n').pop() ?? 'it ended');
    return server;
  }

  /** Milliseconds that the task took; null when it failed. */
  async milliseconds(task: string): Promise<number | null> {
    this.child.stdin.write(`${task}\n`);
    const answer = await this.answers.next();
    if (answer.done === true) return null;
    return (JSON.parse(answer.value) as { milliseconds?: number }).milliseconds ?? null;
  }

  stop(): void {
    this.child.stdin.end();
    this.child.kill();
  }
}

export interface WholeRun {
  readonly milliseconds: number;
  readonly peakMegabytes: number;
  readonly output: string;
}

const PEAK_FILE = 'peak.txt';

/**
 * Runs the command line of the project to its end.
 *
 * @param flags of Node.
 * @throws Error when it says that the input is wrong.
 */
export async function runCommandLine(
  places: Places,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<WholeRun> {
  const peak = path.join(places.models, PEAK_FILE);
  rmSync(peak, { force: true });
  const preload = path.join(places.bundles, 'peakMemory.cjs');
  const command = [...flags, '--require', preload, path.join(places.root, 'dist/cli.js'), 'diagnose', ...args];
  const run = await runToEnd(process.execPath, [...command, '--format', 'json', '--fail-on', 'never'], {
    PEAK_MEMORY_FILE: peak,
    // Code that V8 keeps fits one set of flags.
    ...(flags.length > 0 && { NODE_COMPILE_CACHE: path.join(places.models, `cache${flags.join('')}`) }),
  });
  return { ...run, peakMegabytes: Number(readFileSync(peak, 'utf8')) / 1024 };
}

/** Runs torch_probe.py to its end. */
export async function runTorch(places: Places, python: string, folder: string): Promise<WholeRun> {
  const run = await runToEnd(python, [path.join(places.root, 'test/benchmark/torch_probe.py'), folder], {});
  const { peakKilobytes } = JSON.parse(run.output) as { peakKilobytes: number };
  return { ...run, peakMegabytes: peakKilobytes / 1024 };
}

function runToEnd(
  command: string,
  args: readonly string[],
  variables: NodeJS.ProcessEnv,
): Promise<{ milliseconds: number; output: string }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { env: { ...environment(), ...variables } });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ milliseconds: performance.now() - start, output });
      else reject(new Error(`${command} ended with ${code}: ${complaint.trim()}`));
    });
  });
}
