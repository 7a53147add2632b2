import type { Target } from '../../../src/analysis/probe/arrayReader';

/** What a reader is asked for: features, unless something else is given. */
export function targetOf(shape: readonly number[], role: Target['role'] = 'input', rest: Partial<Target> = {}): Target {
  return { role, shape, kind: 'features', reserved: null, ...rest };
}
