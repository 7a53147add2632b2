/** The probe of the reference measurement, written from its description: mulberry32 with seed 1234 + index of the input. */

function mulberry32(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * @param kind 'uniform' on [0, 1), 'normal' by Box and Muller, or 'int' below `limit`
 * @returns `size` values
 */
export function referenceValues(kind: string, index: number, size: number, limit: number | null): Float32Array {
  const draw = mulberry32(1234 + index);
  const values = new Float32Array(size);
  switch (kind) {
    case 'uniform':
      for (let i = 0; i < size; i++) values[i] = draw();
      return values;
    case 'normal':
      for (let i = 0; i < size; i += 2) {
        const u = Math.max(draw(), 1e-12);
        const angle = 2 * Math.PI * draw();
        const radius = Math.sqrt(-2 * Math.log(u));
        values[i] = radius * Math.cos(angle);
        if (i + 1 < size) values[i + 1] = radius * Math.sin(angle);
      }
      return values;
    case 'int':
      if (limit === null) throw new RangeError('The reference drew indices below a limit.');
      for (let i = 0; i < size; i++) values[i] = Math.floor(draw() * limit);
      return values;
    default:
      throw new RangeError(`Unknown kind of probe: ${kind}`);
  }
}
