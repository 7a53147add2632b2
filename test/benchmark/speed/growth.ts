/** How the cost of a diagnosis grows with the number of samples, the depth and the width. */

import path from 'node:path';
import { mlp, sigmoidStack, writeNetwork, type TimedNetwork } from './networks';
import { runCommandLine, Server, type Places } from './processes';

export interface Growth {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

const SAMPLES = [64, 256, 1024, 4096, 16_384, 65_536];
const DEPTHS = [10, 25, 50, 100, 200];
const WIDTHS = [64, 256, 1024, 4096];

/**
 * Whole processes on the MLP of the table above, with a synthetic probe of each size. What runs longer has more of its code
 * optimised, which V8 takes memory for: without that, the last column is what the samples need.
 */
export async function growthBySamples(places: Places): Promise<Growth> {
  const network = mlp('mlp', '', 256, [784, 512, 512, 10], 'relu');
  const folder = path.join(places.models, network.id);
  await writeNetwork(network, folder);
  const rows: number[][] = [];
  for (const samples of SAMPLES) {
    const args = [folder, '--samples', String(samples), '--workers', '1'];
    const { milliseconds, peakMegabytes } = await runCommandLine(places, args);
    const unoptimized = await runCommandLine(places, args, ['--no-opt']);
    rows.push([samples, milliseconds, peakMegabytes, unoptimized.peakMegabytes]);
  }
  return {
    title: "Samples, MLP 784-512-512-10, whole process (V8's optimising compiler takes memory for what runs long)",
    columns: ['samples', 'ms', 'peak MB', 'peak MB without that compiler (`--no-opt`)'],
    rows,
  };
}

/** Warm probes of stacks of sigmoid layers. */
export const growthByDepth = (places: Places): Promise<Growth> =>
  warmGrowth(
    places,
    "Depth, sigmoid layers of 128, batch of 64 (beyond 50, gradients become denormal numbers on the way, with which Intel's processors multiply 200 times as slowly)",
    'layers',
    DEPTHS,
    (depth) => sigmoidStack(`depth-${depth}`, depth, 64),
  );

/** Warm probes of three dense layers of each width. */
export const growthByWidth = (places: Places): Promise<Growth> =>
  warmGrowth(places, 'Width, three dense layers, batch of 64', 'width', WIDTHS, (width) =>
    mlp(`width-${width}`, '', 64, [width, width, width, 10], 'relu'),
  );

async function warmGrowth(
  places: Places,
  title: string,
  column: string,
  sizes: readonly number[],
  make: (size: number) => TimedNetwork,
): Promise<Growth> {
  const rows: number[][] = [];
  for (const size of sizes) {
    const network = make(size);
    const folder = path.join(places.models, network.id);
    await writeNetwork(network, folder);
    const args = [
      path.join(places.bundles, 'ownServer.cjs'),
      path.join(places.root, 'dist'),
      folder,
      `${network.batch}`,
    ];
    const server = await Server.start(process.execPath, args);
    try {
      const best = { bare: Infinity, probe: Infinity, measure: Infinity };
      for (let turn = 0; turn < 7; turn++) {
        for (const task of ['bare', 'probe', 'measure'] as const) {
          best[task] = Math.min(best[task], (await server.milliseconds(task)) ?? Infinity);
        }
      }
      rows.push([size, best.bare, best.probe, best.measure]);
    } finally {
      server.stop();
    }
  }
  return { title, columns: [column, 'bare ms', 'probe ms', 'measured ms'], rows };
}
