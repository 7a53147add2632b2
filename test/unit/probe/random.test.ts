import { describe, expect, it } from 'vitest';
import { drawNormal, mulberry32, normal, randomOrder, type Random } from '../../../src/analysis/probe/random';

describe('mulberry32', () => {
  it('skips ahead to the same draws', () => {
    const walked = mulberry32(42);
    for (let i = 0; i < 1000; i++) walked();
    const jumped = mulberry32(42, 1000);
    for (let i = 0; i < 10; i++) expect(jumped()).toBe(walked());
  });
});

describe('drawNormal', () => {
  it('fills with the draws of normal, from any of them on', () => {
    const next = normal(mulberry32(-7));
    const draws = Float32Array.from({ length: 50 }, next);
    for (const skip of [0, 1, 2, 13]) {
      for (const length of [0, 1, 2, 7, 30]) {
        expect(drawNormal(new Float32Array(length), -7, skip)).toEqual(draws.slice(skip, skip + length));
      }
    }
  });
});

const draw = (total: number, count: number, uniform: Random) => {
  const next = randomOrder(total, uniform);
  return Array.from({ length: count }, next);
};

describe('randomOrder', () => {
  it('draws each integer once, the same for the same seed', () => {
    const drawn = draw(1e12, 5000, mulberry32(3));
    expect(new Set(drawn).size).toBe(5000);
    expect(drawn.every((member) => Number.isInteger(member) && member >= 0 && member < 1e12)).toBe(true);
    expect(draw(1e12, 5000, mulberry32(3))).toEqual(drawn);
  });

  it('is a permutation when all are drawn', () => {
    const drawn = draw(100, 100, mulberry32(8));
    expect(drawn.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('gives each integer the same chance, at each place', () => {
    const random = mulberry32(11);
    const counts = Array.from({ length: 3 }, () => new Array<number>(6).fill(0));
    for (let trial = 0; trial < 6000; trial++) draw(6, 3, random).forEach((member, place) => counts[place][member]++);
    // Chi-squared with 5 degrees of freedom stays below 20.5 with probability 0.999.
    for (const place of counts) {
      expect(place.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(20.5);
    }
  });
});
