import { beforeAll, describe, expect, it } from 'vitest';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { startTestBackend } from '../measure/networks';
import { networkInput } from './networkInput';

beforeAll(startTestBackend);

const image = networkInput([5, 5, 3], { name: 'image', kind: 'image' });
const features = networkInput([7], { name: 'features' });
const indices = networkInput([4], { name: 'words', kind: 'indices', limit: 50 });
const inputs = [image, features, indices];

/** mulberry32 and Box-Muller as published, drawing everything in one go. */
function reference(seed: number, count: number, kind: 'uniform' | 'normal'): Float32Array {
  let a = seed;
  const draw = () => {
    a |= 0;
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    if (kind === 'uniform') values[i] = draw();
    else if (i % 2 === 0) {
      const radius = Math.sqrt(-2 * Math.log(draw()));
      const angle = 2 * Math.PI * draw();
      values[i] = radius * Math.cos(angle);
      if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
    }
  }
  return values;
}

describe('syntheticProbe', () => {
  it('draws the published generator, input k with the seed plus k', async () => {
    const batch = await syntheticProbe(inputs, 1234).batch(0, 20);
    expect(batch.samples).toBe(20);
    expect(batch.labels).toBeNull();
    expect(batch.inputs[0]).toEqual(reference(1234, 20 * 75, 'uniform'));
    expect(batch.inputs[1]).toEqual(reference(1235, 20 * 7, 'normal'));
    expect(batch.inputs[2]).toEqual(reference(1236, 20 * 4, 'uniform').map((u) => Math.floor(u * 50)));
  });

  it('gives the same samples for any cut into batches, in any order', async () => {
    const whole = await syntheticProbe(inputs, 7).batch(0, 64);
    const probe = syntheticProbe(inputs, 7);
    for (const [start, count] of [
      [33, 31],
      [0, 1],
      [1, 6],
      [7, 26],
    ]) {
      const part = await probe.batch(start, count);
      part.inputs.forEach((values, k) => {
        const size = whole.inputs[k].length / 64;
        expect(values).toEqual(whole.inputs[k].slice(start * size, (start + count) * size));
      });
    }
  });

  it('puts a batch where a spent one was, if it fits', async () => {
    const probe = syntheticProbe(inputs, 7);
    const spent = await probe.batch(0, 20);
    const smaller = await probe.batch(20, 5, spent);
    expect(smaller).toEqual(await syntheticProbe(inputs, 7).batch(20, 5));
    const again = await probe.batch(25, 20, smaller);
    expect(again).toEqual(await syntheticProbe(inputs, 7).batch(25, 20));
    again.inputs.forEach((values, k) => expect(values.buffer).toBe(spent.inputs[k].buffer));
    expect(await probe.batch(45, 21, again)).toEqual(await syntheticProbe(inputs, 7).batch(45, 21));
  });

  it('reaches far samples without drawing the near ones', async () => {
    const [values] = (await syntheticProbe([networkInput([3])], 1).batch(2 ** 40, 2)).inputs;
    expect(values).toHaveLength(6);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('has the moments and ranges of its distributions', async () => {
    const probe = syntheticProbe(inputs, 99);
    await probe.batch(0, 4000);
    const [uniform, gaussian, integers] = probe.summary();
    // Five standard errors each: sd / sqrt(n) for the mean; the standard deviation's from the fourth moment.
    const n = [4000 * 75, 4000 * 7, 4000 * 4];
    expect(Math.abs(uniform.mean! - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n[0]));
    expect(Math.abs(uniform.standardDeviation! - Math.sqrt(1 / 12))).toBeLessThan(5 * Math.sqrt(1 / 60 / n[0]));
    expect(Math.abs(gaussian.mean!)).toBeLessThan(5 / Math.sqrt(n[1]));
    expect(Math.abs(gaussian.standardDeviation! - 1)).toBeLessThan(5 / Math.sqrt(2 * n[1]));
    expect(Math.abs(integers.mean! - 24.5)).toBeLessThan(5 * Math.sqrt((50 ** 2 - 1) / 12 / n[2]));
    expect([integers.minimum, integers.maximum]).toEqual([0, 49]);
    expect(uniform.minimum).toBeGreaterThanOrEqual(0);
    expect(uniform.maximum).toBeLessThanOrEqual(1);
    expect([uniform.source, gaussian.source, integers.source]).toEqual(['uniform', 'normal', 'integers']);
  });

  it('fits the type of the input', async () => {
    const probe = syntheticProbe(
      [
        networkInput([9], { dtype: 'int32', kind: 'indices', limit: 3 }),
        networkInput([9], { dtype: 'bool' }),
        networkInput([64], { dtype: 'int32', kind: 'image' }),
        networkInput([9], { name: 'codes', kind: 'indices' }),
      ],
      5,
    );
    const { inputs: values } = await probe.batch(0, 100);
    expect(values.map((array) => array.constructor)).toEqual([Int32Array, Int32Array, Int32Array, Float32Array]);
    expect(values.map((array) => new Set(array).size)).toEqual([3, 2, 256, 2]);
    expect(probe.limits.join(' ')).toContain('integers of codes is not known');
  });

  it('knows the box of bounded inputs and observes that of the others', async () => {
    const probe = syntheticProbe(inputs, 3);
    const { inputs: values } = await probe.batch(0, 50);
    expect(probe.box(0)).toEqual({
      lower: new Float32Array(75),
      upper: new Float32Array(75).fill(1),
      source: 'declared',
    });
    expect(probe.box(2).upper).toEqual(new Float32Array(4).fill(49));
    const column = (feature: number) => Array.from({ length: 50 }, (_, i) => values[1][i * 7 + feature]);
    const box = probe.box(1);
    expect(box.source).toBe('observed');
    for (let feature = 0; feature < 7; feature++) {
      expect([box.lower[feature], box.upper[feature]]).toEqual([
        Math.min(...column(feature)),
        Math.max(...column(feature)),
      ]);
    }
  });

  it('says that it is noise, and can go on for ever', () => {
    const probe = syntheticProbe([features], 1);
    expect(probe.available).toBe(Infinity);
    expect(probe.limits).toEqual(['Measured on synthetic noise, not on your data: give real data to be sure.']);
  });
});
