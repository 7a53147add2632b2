import { MessageChannel, type MessagePort } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { JobScheduler, type HelperChannel, type HelperPool } from '../../../src/analysis/threads/jobScheduler';
import { HelperThread } from '../../../src/analysis/threads/helperThread';
import type { FromHelper, ToHelper } from '../../../src/analysis/threads/messages';
import { RecordedFolder } from '../../../src/analysis/threads/recordedFolder';
import { diagnose, type DiagnoseRequest } from '../../../src/analysis/diagnose';
import { loadNetwork } from '../../../src/analysis/model/load';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { measure } from '../../../src/analysis/measure/measure';
import { MAXIMUM_MEMORY, passBytes } from '../../../src/analysis/measure/memory';
import type { FilesInMemory } from '../../benchmark/diagnosis/filesInMemory';
import { startTestBackend, WASM_FOLDER } from '../measure/networks';
import { filesOf, REQUESTS, sigmoids } from './models';

beforeAll(startTestBackend);

/**
 * Helpers that run in this very thread, behind real message ports. Each takes its share of every job, and does it when
 * it gets round to it.
 */
class LocalPool implements HelperPool {
  readonly ports: MessagePort[] = [];
  /** Messages from each helper. */
  readonly sent: FromHelper[][] = [];
  readonly terminated: number[] = [];

  constructor(
    readonly size: number,
    private readonly change: (message: FromHelper) => FromHelper = (message) => message,
  ) {}

  startOperations(): number {
    return 0;
  }

  channel(index: number): HelperChannel {
    const { port1, port2 } = new MessageChannel();
    const helper = new HelperThread((message) => port2.postMessage(message), startTestBackend);
    port2.on('message', (message: ToHelper) => helper.receive(message));
    this.ports.push(port1);
    const sent: FromHelper[] = (this.sent[index] = []);
    const firsts = new Map<number, number>();
    return {
      post: (message) => {
        if (message.kind !== 'job') return port1.postMessage(message);
        const { job, taken } = message;
        const share = Math.max(1, Math.floor(job.parts.length / (this.size + 1)));
        const first = Atomics.add(taken, 0, share);
        firsts.set(message.number, first);
        const parts = job.parts.slice(first, first + share);
        port1.postMessage({ ...message, job: { ...job, parts }, taken: new Int32Array(1) });
      },
      listen: (onMessage) => {
        port1.on('message', (message: FromHelper) => {
          sent.push(message);
          const { kind } = message;
          const moved = kind === 'result' ? { ...message, part: message.part + firsts.get(message.number)! } : message;
          onMessage(this.change(moved));
        });
      },
      terminate: () => {
        this.terminated.push(index);
        port1.close();
      },
    };
  }

  close(): void {
    for (const port of this.ports) port.close();
  }
}

const pools: LocalPool[] = [];
function poolOf(...args: ConstructorParameters<typeof LocalPool>): LocalPool {
  const pool = new LocalPool(...args);
  pools.push(pool);
  return pool;
}
afterEach(() => pools.splice(0).forEach((pool) => pool.close()));

async function reportBytes(request: DiagnoseRequest, helpers?: HelperPool): Promise<string> {
  const environment = { wasmFolder: WASM_FOLDER, onProgress: () => undefined };
  const report = await diagnose(request, helpers === undefined ? environment : { ...environment, helpers });
  return JSON.stringify({ ...report, run: null });
}

describe('the report', () => {
  it.each(Object.keys(REQUESTS))('does not depend on the number of workers: %s', async (name) => {
    const request = await REQUESTS[name]();
    const tensors = tf.memory().numTensors;
    const alone = await reportBytes(request);
    expect(tf.memory().numTensors).toBe(tensors);
    for (const helpers of [1, 2, 3]) {
      const pool = poolOf(helpers);
      expect(await reportBytes(request, pool)).toBe(alone);
      const worked = [...pool.sent.keys()].filter((i) => pool.sent[i].some(({ kind }) => kind === 'result'));
      expect(worked.length).toBeGreaterThan(0);
      // They have left nothing undone, so they are kept for the next diagnosis.
      for (const index of worked) expect(pool.terminated).not.toContain(index);
    }
  });
});

async function networkIn(files: FilesInMemory) {
  const folder = new RecordedFolder(files);
  const network = await loadNetwork(folder, 'model.json');
  return { network, probe: syntheticProbe(network.inputs, 1), model: { folder, file: 'model.json', loss: null } };
}

describe('a scheduler', () => {
  it('takes no more helpers than the memory has room for', async () => {
    const { network, probe, model } = await networkIn(await filesOf(sigmoids(3, 8)));
    const bytes = passBytes(network, probe, 256, 'backward');
    for (const [room, most] of [
      [1.5, 0],
      [2.5, 1],
      [1000, 3],
    ]) {
      const helpers = poolOf(3);
      const scheduler = new JobScheduler(network, { helpers, model, memory: room * bytes });
      await measure(network, probe, {
        samples: 256 * 8,
        seed: 1,
        memory: MAXIMUM_MEMORY,
        scheduler,
        onProgress: () => undefined,
      });
      expect(helpers.sent).toHaveLength(most);
      scheduler.close();
    }
    network.dispose();
  });

  it('starts none for work that is not worth it', async () => {
    const { network, probe, model } = await networkIn(await filesOf(sigmoids(3, 8)));
    const helpers = Object.assign(poolOf(3), { startOperations: () => 1e9 });
    const scheduler = new JobScheduler(network, { helpers, model });
    await measure(network, probe, { samples: 256 * 8, seed: 1, scheduler, onProgress: () => undefined });
    expect(helpers.sent).toEqual([]);
    network.dispose();
  });

  it('says so when a helper has read other weights', async () => {
    const request = await REQUESTS['a stack of sigmoids']();
    const pool = poolOf(1, (message) => (message.kind === 'opened' ? { ...message, fingerprint: 1 } : message));
    await expect(reportBytes(request, pool)).rejects.toMatchObject({ code: 'file-unreadable', place: 'model.json' });
    expect(pool.terminated).toEqual([0]);
  });

  it("ends with a helper's problem, and ends the helper", async () => {
    const request = await REQUESTS['a stack of sigmoids']();
    const problem = { code: 'out-of-memory', message: 'm', place: null, remedy: null } as const;
    const pool = poolOf(1, (message) => (message.kind === 'result' ? { kind: 'problem', problem } : message));
    await expect(reportBytes(request, pool)).rejects.toMatchObject({ problem });
    expect(pool.terminated).toEqual([0]);
  });
});
