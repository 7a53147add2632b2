import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../benchmark/diagnosis/wilson';

const Z = 1.959963984540054;

describe('wilsonInterval', () => {
  it('ends where the observed share is 1.96 standard errors of the end itself away', () => {
    for (const [successes, total] of [
      [3, 10],
      [57, 60],
      [1, 200],
    ]) {
      const share = successes / total;
      for (const end of wilsonInterval({ successes, total })) {
        expect((share - end) ** 2).toBeCloseTo((Z * Z * end * (1 - end)) / total, 12);
      }
    }
  });

  it('has the closed form z^2 / (n + z^2) at the edges', () => {
    expect(wilsonInterval({ successes: 0, total: 20 })[0]).toBe(0);
    expect(wilsonInterval({ successes: 0, total: 20 })[1]).toBeCloseTo((Z * Z) / (20 + Z * Z), 12);
    expect(wilsonInterval({ successes: 20, total: 20 })[0]).toBeCloseTo(20 / (20 + Z * Z), 12);
    expect(wilsonInterval({ successes: 20, total: 20 })[1]).toBeCloseTo(1, 12);
  });

  it('says nothing where nothing was counted', () => {
    expect(wilsonInterval({ successes: 0, total: 0 })).toEqual([0, 1]);
  });
});
