/** GraphModels made in memory, as the converter writes them. */

import { loadNetwork } from '../../../src/analysis/model/load';
import type { Network } from '../../../src/analysis/model/network';
import { type Json, tfjsFolder, type WeightFixture } from './savedFiles';

export interface NodeFixture {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Json;
}

export const node = (name: string, op: string, input: readonly string[] = [], attr: Json = {}): NodeFixture => ({
  name,
  op,
  input,
  attr: { T: { type: 'DT_FLOAT' }, ...attr },
});

export const placeholder = (name: string, shape: readonly number[], dtype = 'DT_FLOAT'): NodeFixture => ({
  name,
  op: 'Placeholder',
  attr: { dtype: { type: dtype }, shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } } },
});

/** As the converter fuses a product with what follows. */
export const fused = (op: string, name: string, input: readonly string[], ops: readonly string[], attr: Json = {}) =>
  node(name, op, input, {
    fused_ops: { list: { s: ops.map((own) => btoa(own)) } },
    num_args: { i: String(input.length - 2) },
    ...attr,
  });

export const convolution: Json = {
  strides: { list: { i: ['1', '1', '1', '1'] } },
  dilations: { list: { i: ['1', '1', '1', '1'] } },
  padding: { s: btoa('SAME') },
  data_format: { s: btoa('NHWC') },
};

/** The nodes with a constant for each weight, and the weights beside them; those in `integers` as whole numbers. */
export function graphFolder(
  nodes: readonly NodeFixture[],
  weights: readonly WeightFixture[] = [],
  more: Json = {},
  integers: ReadonlySet<string> = new Set(),
) {
  const constants = weights.map(({ name }) => ({ name, op: 'Const' }));
  return tfjsFolder({ node: [...constants, ...nodes] }, weights, { format: 'graph-model', ...more }, integers);
}

export const loadGraph = (
  nodes: readonly NodeFixture[],
  weights: readonly WeightFixture[] = [],
  more: Json = {},
  integers: ReadonlySet<string> = new Set(),
): Promise<Network> => loadNetwork(graphFolder(nodes, weights, more, integers), 'model.json');
