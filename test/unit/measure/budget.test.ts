import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { measure } from '../../../src/analysis/measure/measure';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import type { ProbeBudget } from '../../../src/report/protocol';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

/** Unit i of 40 fires where its input, a normal one, exceeds 1.5 + i/10: the set of silent units changes with every size. */
async function probed(budget: ProbeBudget | null, samples: number | null = null) {
  const hidden = tfl.layers.dense({
    units: 40,
    activation: 'relu',
    inputShape: [40],
    kernelInitializer: 'identity',
  });
  const model = tfl.sequential({ layers: [hidden, tfl.layers.dense({ units: 2, kernelInitializer: 'ones' })] });
  const [kernel, bias] = hidden.getWeights();
  const shift = bias.arraySync() as number[];
  hidden.setWeights([kernel, bias.add(shift.map((_, unit) => -1.5 - unit / 10))]);
  const network = networkOf(model);
  try {
    const options = { samples, seed: 0, ...(budget === null ? {} : { budget }), onProgress: () => undefined };
    return (await measure(network, syntheticProbe(network.inputs, 0), options)).probe;
  } finally {
    network.dispose();
  }
}

const unlimited = { samples: null, seconds: null };

describe('the budget of a growing probe', () => {
  it('ends it at the most samples, and the report says so', async () => {
    const probe = await probed({ ...unlimited, samples: 300 });
    expect(probe).toMatchObject({ samples: 300, ended: 'budget' });
    expect(probe.limits.at(-1)).toContain('300 samples');
  });

  it('lets it grow beyond the usual size', async () => {
    const usual = await probed(null);
    expect(usual).toMatchObject({ samples: 4096, ended: 'budget' });
    expect(usual.limits.at(-1)).toContain('4,096 samples');
    const { samples } = await probed({ ...unlimited, samples: 16_384 });
    expect(samples).toBe(16_384);
  });

  it('ends it when its seconds are over, after a batch at least', async () => {
    const probe = await probed({ ...unlimited, seconds: 0 });
    expect(probe).toMatchObject({ samples: 64, ended: 'budget' });
    expect(probe.limits.at(-1)).toContain('0 seconds');
  });

  it('does not matter where a number of samples is asked for', async () => {
    const probe = await probed({ samples: 10, seconds: 0 }, 100);
    expect(probe).toMatchObject({ samples: 100, ended: 'fixed' });
    expect(probe.limits.join(' ')).not.toContain('budget');
  });
});
