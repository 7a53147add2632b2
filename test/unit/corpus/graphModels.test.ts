import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel as loadByConverter } from '@tensorflow/tfjs-converter';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../src/analysis/model/load';
import { NodeFolder } from '../../../src/analysis/model/nodeFolder';
import { startTestBackend } from '../measure/networks';
import { corpusPresent, modelFolder, referenceGraphModels } from './corpus';
import { expectReferenceCounts, measuredOnReferenceProbe } from './silentUnits';

/** The model as the converter loads it, from its files. */
async function byConverter(name: string) {
  const read = (file: string): Buffer => readFileSync(path.join(modelFolder(name), file));
  const json = JSON.parse(read('model.json').toString()) as tf.io.ModelJSON;
  const shards = json.weightsManifest.flatMap(({ paths }) => paths.map(read));
  return loadByConverter({
    load: () =>
      Promise.resolve({
        modelTopology: json.modelTopology,
        ...(json.signature === undefined ? {} : { signature: json.signature }),
        weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
        weightData: Uint8Array.from(Buffer.concat(shards)).buffer,
      }),
  });
}

describe.skipIf(!corpusPresent)('real saved GraphModels', () => {
  beforeAll(startTestBackend);

  it.each(referenceGraphModels())('$name has the silent units of an independent measurement', async (model) => {
    const layers = await measuredOnReferenceProbe(model);
    expectReferenceCounts(model, layers);
    expect(layers.every(({ gradient }) => gradient!.nonFinite === 0)).toBe(true);
  });

  it.each(referenceGraphModels())('$name gives the outputs that tfjs gives', async ({ name }) => {
    const network = await loadNetwork(new NodeFolder(modelFolder(name)), 'model.json');
    const converter = await byConverter(name);
    const inputs = network.inputs.map(({ shape, dtype, limit }) =>
      dtype === 'int32'
        ? tf.randomUniform([3, ...shape], 0, limit ?? 2, 'int32', 7)
        : tf.randomUniform([3, ...shape], 0, 1, 'float32', 7),
    );
    const traced = tf.tidy(() =>
      network
        .trace(inputs, { preActivation: (_call, z) => z, output: (_call, a) => a })
        .map(({ tensor }) => tensor.arraySync()),
    );
    const named = Object.fromEntries(network.inputs.map((input, i) => [input.name, inputs[i]]));
    const expected = [converter.execute(named, converter.outputNodes)].flat();
    expect(traced.length).toBe(expected.length);
    // Both may list the outputs in an order of their own; they differ in shape.
    for (const tensor of expected) {
      const own = traced.find((values) => tf.tensor(values).shape.join() === tensor.shape.join());
      const difference = tf.max(tf.abs(tf.sub(tensor, tf.tensor(own!)))).dataSync()[0];
      const scale = tf.max(tf.abs(tensor)).dataSync()[0];
      expect(difference / Math.max(1, scale)).toBeLessThan(1e-5);
    }
    converter.dispose();
    network.dispose();
  });
});
