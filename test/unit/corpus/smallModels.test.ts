import { beforeAll, describe, expect, it } from 'vitest';
import { startTestBackend } from '../measure/networks';
import { corpusPresent, referenceModels } from './corpus';
import { expectReferenceCounts, measuredOnReferenceProbe } from './silentUnits';

describe.skipIf(!corpusPresent)('silent units of real saved models against an independent measurement', () => {
  beforeAll(startTestBackend);

  // Models of more than 10 MB of activations per sample have a file of their own.
  it.each(referenceModels().filter(({ layers }) => layers.length < 20))('$name', async (model) => {
    const layers = await measuredOnReferenceProbe(model);
    expectReferenceCounts(model, layers);
    expect(layers.every(({ gradient }) => gradient!.nonFinite === 0)).toBe(true);
  });
});
