import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { esbuildKernels } from '../../../scripts/wasm-kernels.mjs';
import type { HelperChannel } from '../../../src/analysis/threads/jobScheduler';
import { NodeHelperPool } from '../../../src/analysis/threads/nodePool';
import type { Job } from '../../../src/analysis/threads/jobs';
import { diagnose, type DiagnoseRequest } from '../../../src/analysis/diagnose';
import { answerFrom } from '../../../src/analysis/threads/recordedFolder';
import { AnalysisWorker } from '../../../src/editor/analysisWorker';
import type { DiagnoseArguments, FileRequest } from '../../../src/report/protocol';
import type { Report } from '../../../src/report/report';
import { startTestBackend, WASM_FOLDER } from '../measure/networks';
import { filesOf, REQUESTS, sigmoids } from './models';

let folder: string;

beforeAll(async () => {
  await startTestBackend();
  folder = mkdtempSync(path.join(tmpdir(), 'threads-'));
  await build({
    entryPoints: [path.resolve(import.meta.dirname, '../../../src/analysis/worker.ts')],
    bundle: true,
    outfile: path.join(folder, 'worker.js'),
    platform: 'node',
    target: 'node18',
    format: 'cjs',
    mainFields: ['module', 'main'],
    external: ['node-fetch', 'h5wasm'],
    plugins: [esbuildKernels],
    logLevel: 'error',
  });
  for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) {
    copyFileSync(path.join(WASM_FOLDER, name), path.join(folder, name));
  }
  // Helpers that die when they are given something to do.
  writeFileSync(
    path.join(folder, 'dying.js'),
    `require('node:worker_threads').parentPort.on('message', ({ kind }) => kind === 'job' && process.exit(134));
     require('./worker.js');`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** For which all work is worth any number of threads. */
class EagerPool extends NodeHelperPool {
  override startOperations(): number {
    return 0;
  }
}

/** Whose helpers have taken a part of every job before anybody else can. */
class ReservingPool extends EagerPool {
  override channel(index: number): HelperChannel {
    const channel = super.channel(index);
    return {
      listen: channel.listen,
      terminate: () => channel.terminate(),
      post: (message) => {
        if (message.kind !== 'job') return channel.post(message);
        expect(Atomics.add(message.taken, 0, 1)).toBe(0);
        const job = { ...message.job, parts: message.job.parts.slice(0, 1) } as Job;
        channel.post({ ...message, job, taken: new Int32Array(1) });
      },
    };
  }
}

const pools: NodeHelperPool[] = [];
afterEach(() => pools.splice(0).forEach((pool) => pool.dispose()));
function poolOf(script: string, size: number, Pool = EagerPool): NodeHelperPool {
  const pool = new Pool(path.join(folder, script));
  pool.size = size;
  pools.push(pool);
  return pool;
}

const bytes = (report: Report): string => JSON.stringify({ ...report, run: null });

async function diagnosed(request: DiagnoseRequest, helpers?: NodeHelperPool): Promise<string> {
  const environment = { wasmFolder: WASM_FOLDER, onProgress: () => undefined };
  return bytes(await diagnose(request, helpers === undefined ? environment : { ...environment, helpers }));
}

/** For machines that have much else to do: usually seconds. */
const timeout = 600_000;

describe('helpers in threads of their own', { timeout }, () => {
  it('change nothing in the report, in one diagnosis after another', async () => {
    const helpers = poolOf('worker.js', 2);
    for (const request of Object.values(REQUESTS)) {
      const given = await request();
      expect(await diagnosed(given, helpers)).toBe(await diagnosed(given));
    }
  });

  it('that die become a problem, and the next diagnosis gets others', async () => {
    const request = await REQUESTS['a stack of sigmoids']();
    const dying = poolOf('dying.js', 1, ReservingPool);
    await expect(diagnosed(request, dying)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/exit code 134/) as string,
    });
    const others = poolOf('worker.js', 1, ReservingPool);
    expect(await diagnosed(request, others)).toBe(await diagnosed(request));
  });

  it('cost less to call upon when they have been started', () => {
    const helpers = new NodeHelperPool(path.join(folder, 'worker.js'));
    const cold = helpers.startOperations(0);
    const channel = helpers.channel(0);
    expect(helpers.startOperations(0)).toBeLessThan(cold);
    expect(helpers.channel(0)).toBe(channel);
    channel.terminate();
    expect(helpers.startOperations(0)).toBe(cold);
  });
});

describe('the analysis worker', { timeout }, () => {
  const given = (samples: number, workers: number): DiagnoseArguments => ({
    model: { folder: { root: 0, path: 'm' }, file: 'model.json' },
    data: [],
    labels: null,
    samples,
    budget: { samples: null, seconds: null },
    seed: 1,
    scale: null,
    loss: null,
    columns: null,
    workers,
  });

  it('starts helpers for what takes long, which read the model through it, and reports the same', async () => {
    const files = await filesOf(sigmoids(12, 500));
    const worker = new AnalysisWorker(path.join(folder, 'worker.js'));
    const run = async (workers: number) => {
      const asked: FileRequest[] = [];
      const report = await worker.run({
        arguments: given(4096, workers),
        answer: (file) => {
          asked.push(file);
          return answerFrom(files, file);
        },
        onProgress: () => undefined,
        signal: new AbortController().signal,
      });
      return { report: bytes(report), read: asked.filter((file) => file.path === 'model.json').length };
    };
    const alone = await run(1);
    const together = await run(2);
    worker.dispose();
    expect(together.report).toBe(alone.report);
    expect([alone.read, together.read]).toEqual([1, 2]);
  });

  it.each([1, 2])('ends in the middle of passes that would go on for hours, with %i threads', async (workers) => {
    const files = await filesOf(sigmoids(12, 500));
    const terminate = vi.spyOn(Worker.prototype, 'terminate');
    const worker = new AnalysisWorker(path.join(folder, 'worker.js'));
    const abort = new AbortController();
    const stages: string[] = [];
    let measuring = (): void => undefined;
    const measured = new Promise<void>((resolve) => (measuring = resolve));
    const running = worker.run({
      arguments: given(1e8, workers),
      answer: (file) => answerFrom(files, file),
      onProgress: ({ stage, done }) => {
        stages.push(stage);
        if (done !== null) measuring();
      },
      signal: abort.signal,
    });
    // One chunk after another now runs, and the thread answers no messages.
    await measured;
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    const seen = stages.length;
    // Resolves, with the exit code, only when the thread is gone, and its own threads with it.
    await expect(terminate.mock.results[0].value).resolves.toBe(1);
    expect(stages).toHaveLength(seen);
    terminate.mockRestore();
  });
});
