import { expect } from 'vitest';
import type { LayerReport } from '../../../src/report/report';
import { loadNetwork } from '../../../src/analysis/model/load';
import { NodeFolder } from '../../../src/analysis/model/nodeFolder';
import { dataProbe } from '../../../src/analysis/probe/dataProbe';
import { measure } from '../../../src/analysis/measure/measure';
import { memoryFolder } from '../probe/memoryFolder';
import { npyFloats } from '../probe/npyFile';
import { modelFolder, type ReferenceModel } from './corpus';
import { referenceValues } from './referenceProbe';

/** Measures a model of the corpus on the reference probe, given as .npy files. */
export async function measuredOnReferenceProbe(model: ReferenceModel): Promise<readonly LayerReport[]> {
  const network = await loadNetwork(new NodeFolder(modelFolder(model.name)), 'model.json');
  try {
    const { inputs, summary } = network;
    // The reference fed GraphModels with integers below 10, whatever they are looked up in.
    const files = inputs.map(({ name, shape, limit }, k) => {
      const size = shape.reduce((a, b) => a * b, model.samples);
      const values = referenceValues(model.probe[k], k, size, model.format.startsWith('graph') ? 10 : limit);
      const folder = memoryFolder({ 'x.npy': npyFloats([model.samples, ...shape], values) }, name);
      return { folder, file: 'x.npy', input: name };
    });
    const options = { seed: 0, samples: model.samples, scale: null, declared: summary.inputs };
    const probe = await dataProbe(inputs, files, null, summary.outputs, options);
    const measured = await measure(network, probe, { samples: model.samples, seed: 0, onProgress: () => undefined });
    expect(measured.probe.samples).toBe(model.samples);
    return measured.layers;
  } finally {
    network.dispose();
  }
}

/** Whether a layer is the one of the reference, which names those of LayersModels by the last part of their names. */
const isNamed = ({ name }: LayerReport, layer: string): boolean => name === layer || name.split('/').pop() === layer;

/** Compares every layer of the reference with what was measured. */
export function expectReferenceCounts(model: ReferenceModel, layers: readonly LayerReport[]): void {
  const measured = model.layers.map(({ layer }) => {
    const own = layers.filter((own) => isNamed(own, layer));
    expect(own, layer).toHaveLength(1);
    return { layer, units: own[0].units, deadUnits: own[0].silentUnits.length };
  });
  expect(measured).toEqual(model.layers.map(({ layer, units, deadUnits }) => ({ layer, units, deadUnits })));
  for (const { layer, zeroShare } of model.layers) {
    const own = layers.find((other) => isNamed(other, layer))!;
    // Five decimals in the reference; a value within rounding of 0 may fall to either side.
    expect(Math.abs(own.output!.zeroShare - zeroShare), `zero share of ${layer}`).toBeLessThan(1e-4);
    expect(own.output!.nonFinite, layer).toBe(0);
  }
}
