import { beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/analysis/diagnose';
import { NodeFolder } from '../../../src/analysis/model/nodeFolder';
import { startTestBackend, WASM_FOLDER } from '../measure/networks';
import { corpusPresent, modelFolder, referenceModels } from './corpus';
import { expectReferenceCounts, measuredOnReferenceProbe } from './silentUnits';

describe.skipIf(!corpusPresent)('silent units of real saved models against an independent measurement', () => {
  beforeAll(startTestBackend);

  // The MobileNets, which take longest, have a file of their own.
  it.each(referenceModels().filter(({ layers }) => layers.length < 20))('$name', async (model) => {
    const layers = await measuredOnReferenceProbe(model);
    expectReferenceCounts(model, layers);
    expect(layers.every(({ gradient }) => gradient!.nonFinite === 0)).toBe(true);
  });

  it('finds no dead units in a network whose units all fire', async () => {
    const model = { folder: new NodeFolder(modelFolder('cnn-explainer-tinyvgg')), file: 'model.json' };
    const request = { model, data: [], labels: null, samples: 64, seed: 1234 };
    const { findings, layers } = await diagnose(request, { wasmFolder: WASM_FOLDER, onProgress: () => undefined });
    expect(layers.filter(({ dead }) => dead !== null).map(({ silentUnits }) => silentUnits)).toEqual([[], [], [], []]);
    expect(findings.filter(({ rule }) => rule === 'dead-relu')).toEqual([]);
  });
});
