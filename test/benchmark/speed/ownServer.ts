/** Times the diagnosis of one network, a request at a time: a line `bare`, `probe` or `measure` in, a line of JSON out. */

import { performance } from 'node:perf_hooks';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { startBackend } from '../../../src/analysis/backend/backend';
import { SquareAccumulator } from '../../../src/analysis/backend/unitStatistics';
import { metersOf, type CallMeter } from '../../../src/analysis/measure/callMeter';
import { randomCotangent } from '../../../src/analysis/measure/cotangent';
import { measure } from '../../../src/analysis/measure/measure';
import { forwardBackward } from '../../../src/analysis/measure/pass';
import { loadNetwork } from '../../../src/analysis/model/load';
import type { LayerCall, Network } from '../../../src/analysis/model/network';
import { NodeFolder } from '../../../src/analysis/model/nodeFolder';
import { dataProbe } from '../../../src/analysis/probe/dataProbe';
import { serve } from './serve';

const [wasmFolder, modelFolder, samplesText] = process.argv.slice(2);
const samples = Number(samplesText);

async function main(): Promise<void> {
  await startBackend(wasmFolder + path.sep);
  const folder = new NodeFolder(modelFolder);
  const network = await loadNetwork(folder, 'model.json');
  const probe = await dataProbe(
    network.inputs,
    [{ folder, file: 'probe.npy', input: null }],
    null,
    network.summary.outputs,
    {
      seed: 0,
      samples: null,
      scale: null,
      declared: network.summary.inputs,
    },
  );
  const batch = await probe.batch(0, samples);
  const inputs = network.inputs.map(({ dtype }, k) =>
    tf.tensor(batch.inputs[k], [samples, ...probe.inputs[k].shape], dtype),
  );

  await serve({
    bare: () => time(() => bare(network, inputs)),
    probe: () => time(() => fullProbe(network, inputs)),
    measure: async () => {
      const start = performance.now();
      await measure(network, probe, { samples, seed: 0, onProgress: () => undefined });
      return performance.now() - start;
    },
  });
}

function time(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** Forward and backward, every weight's gradient computed, nothing looked at. */
function bare(network: Network, inputs: readonly tf.Tensor[]): void {
  forwardBackward(
    network,
    inputs,
    (heads) => randomCotangent(heads, 0, 0),
    {},
    () => undefined,
  );
}

/** One whole batch as the diagnosis measures it: statistics and histograms of every pre-activation and output, gradients. */
function fullProbe(network: Network, inputs: readonly tf.Tensor[]): number {
  const meters = metersOf(network);
  const meter = ({ name }: LayerCall): CallMeter => meters.get(name)!;
  let squares = 0;
  forwardBackward(
    network,
    inputs,
    (heads) => randomCotangent(heads, 0, 0),
    {
      preActivation: (call, z) => meter(call).addPreActivation(z),
      output: (call, a) => meter(call).addOutput(a),
      preActivationGradient: (call, dy) => meter(call).preActivationGradient.add(dy),
      outputGradient: (call, dy) => meter(call).outputGradient.add(dy),
    },
    (_weight, gradient) => {
      const sum = new SquareAccumulator();
      sum.add(gradient);
      squares += sum.sum;
    },
  );
  return squares;
}

void main();
