/** A share of a count, as measured. */
export interface Proportion {
  readonly successes: number;
  readonly total: number;
}

const Z95 = 1.959963984540054;

/** Wilson's score interval at 95% for a binomial proportion (Wilson 1927); [0, 1] when nothing was counted. */
export function wilsonInterval({ successes, total }: Proportion): readonly [number, number] {
  if (total === 0) return [0, 1];
  const share = successes / total;
  const z2 = Z95 * Z95;
  const centre = (share + z2 / (2 * total)) / (1 + z2 / total);
  const half = (Z95 / (1 + z2 / total)) * Math.sqrt((share * (1 - share)) / total + z2 / (4 * total * total));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
