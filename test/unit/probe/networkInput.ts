import type { NetworkInput } from '../../../src/analysis/model/network';

/** An input of features in float32, but for what is given. */
export function networkInput(shape: readonly number[], rest: Partial<NetworkInput> = {}): NetworkInput {
  return {
    name: 'input_1',
    shape,
    dtype: 'float32',
    batchSize: null,
    kind: 'features',
    range: null,
    limit: null,
    ...rest,
  };
}
