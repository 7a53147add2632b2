import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BroadcastChannel, Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AnalysisWorker, type DiagnosisRun } from '../../../src/editor/analysisWorker';
import type { FileRequest, Progress } from '../../../src/report/protocol';

/** A WebAssembly module whose only function, `run`, is one endless loop. */
const ENDLESS_WASM = [
  '0061736d01000000', // version 1
  '01040160000003020100', // function 0: () -> ()
  '07070103' + Buffer.from('run').toString('hex') + '0000', // its name
  '0a09010700' + '03400c000b' + '0b', // loop br 0 end
].join('');

/** A real worker thread that behaves as the name of the model tells it to. */
const SCRIPT = `
const { parentPort, threadId, Worker } = require('node:worker_threads');
/** A thread of this thread's own that never rests, and says all the time that it is there. */
const startHelper = () => new Worker(\`
  const { BroadcastChannel, parentPort } = require('node:worker_threads');
  const ticks = new BroadcastChannel('ticks');
  const never = new Int32Array(new SharedArrayBuffer(4));
  parentPort.postMessage('started');
  for (;;) {
    ticks.postMessage(0);
    Atomics.wait(never, 0, 0, 5);
  }
\`, { eval: true });
const waiting = [];
parentPort.on('message', (message) => {
  if (message.kind === 'file') return waiting.shift()(message.result);
  switch (message.arguments.model.file) {
    case 'report':
      parentPort.postMessage({ kind: 'progress', progress: { stage: 'load', done: 0.5, detail: 'half' } });
      return parentPort.postMessage({ kind: 'report', report: { threadId } });
    case 'read':
      parentPort.postMessage({ kind: 'file', request: 7, file: { kind: 'read', root: 0, path: 'a', offset: 0, length: null } });
      return waiting.push((result) => parentPort.postMessage({ kind: 'report', report: { bytes: [...result.bytes] } }));
    case 'problem':
      return parentPort.postMessage({ kind: 'problem', problem: { code: 'invalid-json', message: 'm', place: 'p', remedy: 'r' } });
    case 'throw':
      throw new Error('broken inside');
    case 'helper':
      return startHelper();
    case 'helper-report':
      return startHelper().once('message', () => parentPort.postMessage({ kind: 'report', report: { threadId } }));
    case 'exit':
      process.exit(3);
    case 'exit-after':
      parentPort.postMessage({ kind: 'report', report: { threadId } });
      return setTimeout(() => process.exit(3), 1);
    case 'memory':
      throw Object.assign(new Error('heap limit'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
    case 'loop':
      for (;;);
    case 'wasm': {
      const module = new WebAssembly.Module(Buffer.from('${ENDLESS_WASM}', 'hex'));
      parentPort.postMessage({ kind: 'progress', progress: { stage: 'forward', done: null, detail: null } });
      new WebAssembly.Instance(module).exports.run();
    }
  }
});
`;

let folder: string;
let worker: AnalysisWorker | undefined;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'worker-'));
  writeFileSync(path.join(folder, 'worker.cjs'), SCRIPT);
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(
  file: string,
  options: Partial<DiagnosisRun> = {},
  by = (worker ??= new AnalysisWorker(path.join(folder, 'worker.cjs'))),
) {
  return by.run({
    arguments: {
      model: { folder: { root: 0, path: '' }, file },
      data: [],
      labels: null,
      samples: null,
      budget: { samples: null, seconds: null },
      seed: 0,
      scale: null,
      loss: null,
      columns: null,
    },
    answer: () => Promise.resolve({ kind: 'bytes', bytes: Uint8Array.of(1, 2, 3) }),
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...options,
  });
}

afterEach(() => worker?.dispose());

/** Listens to the helper that the script starts. */
class Ticks {
  readonly started: Promise<void>;
  private readonly channel = new BroadcastChannel('ticks');
  private last = Infinity;

  constructor() {
    this.started = new Promise((resolve) => {
      this.channel.onmessage = () => {
        this.last = performance.now();
        resolve();
      };
    });
  }

  /** Resolves when the helper has not been heard for a second, and with that is gone. */
  async silence(): Promise<void> {
    while (performance.now() - this.last < 1000) await new Promise((resolve) => setTimeout(resolve, 50));
    this.channel.close();
  }
}

describe('AnalysisWorker', () => {
  it('gives the report and hands progress on', async () => {
    const progress: Progress[] = [];
    await expect(run('report', { onProgress: (step) => progress.push(step) })).resolves.toHaveProperty('threadId');
    expect(progress).toEqual([{ stage: 'load', done: 0.5, detail: 'half' }]);
  });

  it('keeps the thread for the next diagnosis', async () => {
    expect(await run('report')).toEqual(await run('report'));
  });

  it('answers what the worker asks to read', async () => {
    const asked: FileRequest[] = [];
    const answer: DiagnosisRun['answer'] = (request) => {
      asked.push(request);
      return Promise.resolve({ kind: 'bytes', bytes: Uint8Array.of(4, 5) });
    };
    expect(await run('read', { answer })).toEqual({ bytes: [4, 5] });
    expect(asked).toEqual([{ kind: 'read', root: 0, path: 'a', offset: 0, length: null }]);
  });

  it('leaves the bytes of a larger buffer where they are', async () => {
    const whole = Uint8Array.of(9, 4, 5, 9);
    const answer: DiagnosisRun['answer'] = () => Promise.resolve({ kind: 'bytes', bytes: whole.subarray(1, 3) });
    expect(await run('read', { answer })).toEqual({ bytes: [4, 5] });
    expect([...whole]).toEqual([9, 4, 5, 9]);
  });

  it("rejects with the worker's problem and keeps the thread", async () => {
    await expect(run('problem')).rejects.toMatchObject({
      problem: { code: 'invalid-json', message: 'm', place: 'p', remedy: 'r' },
    });
    await expect(run('report')).resolves.toBeDefined();
  });

  it.each([
    ['throw', 'internal'],
    ['exit', 'internal'],
    ['memory', 'out-of-memory'],
  ])('survives a worker that dies (%s)', async (way, code) => {
    await expect(run(way)).rejects.toMatchObject({ code });
    await expect(run('report')).resolves.toBeDefined();
  });

  it('survives a worker that dies between two diagnoses', async () => {
    const first = await run('exit-after');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await run('report')).not.toEqual(first);
  });

  it('ends a busy thread when the diagnosis is cancelled', async () => {
    const abort = new AbortController();
    const running = run('loop', { signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expect(run('report')).resolves.toBeDefined();
  });

  it('ends a thread that is in the middle of WebAssembly', async () => {
    const terminate = vi.spyOn(Worker.prototype, 'terminate');
    const abort = new AbortController();
    let started = (): void => undefined;
    const inside = new Promise<void>((resolve) => (started = resolve));
    const running = run('wasm', { signal: abort.signal, onProgress: () => started() });
    await inside;
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    // Resolves, with the exit code, only when the thread is gone.
    await expect(terminate.mock.results[0].value).resolves.toBe(1);
    terminate.mockRestore();
  });

  it('ends the helpers of a diagnosis that is cancelled', async () => {
    const abort = new AbortController();
    const helper = new Ticks();
    const running = run('helper', { signal: abort.signal });
    await helper.started;
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await helper.silence();
  });

  it('ends the thread and its helpers when no diagnosis comes for a while', async () => {
    const idle = new AnalysisWorker(path.join(folder, 'worker.cjs'), 200);
    const helper = new Ticks();
    const first = await run('helper-report', {}, idle);
    await helper.started;
    await helper.silence();
    expect(await run('report', {}, idle)).not.toEqual(first);
    idle.dispose();
  });

  it('does not start what is cancelled already', async () => {
    await expect(run('loop', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('gives way to the next diagnosis', async () => {
    const first = run('loop');
    const second = run('report');
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    await expect(second).resolves.toBeDefined();
  });

  it('settles a running diagnosis when it is disposed of', async () => {
    const running = run('loop');
    worker!.dispose();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });
});
