import { beforeAll, describe, it } from 'vitest';
import { startTestBackend } from '../measure/networks';
import { corpusPresent, referenceModels } from './corpus';
import { expectReferenceCounts, measuredOnReferenceProbe } from './silentUnits';

describe.skipIf(!corpusPresent)('silent units of deep saved MobileNets against an independent measurement', () => {
  beforeAll(startTestBackend);

  it.each(referenceModels().filter(({ layers }) => layers.length >= 20))(
    '$name',
    async (model) => expectReferenceCounts(model, await measuredOnReferenceProbe(model)),
    180_000,
  );
});
