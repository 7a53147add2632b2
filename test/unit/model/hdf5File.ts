/** HDF5 files made in memory, as Keras writes them. `h5wasm.ready` must have been awaited. */

import * as h5wasm from 'h5wasm';
import { wave } from './savedFiles';

export type Tree = { [name: string]: Tree | { shape: number[]; values: readonly number[] } };

/** An HDF5 file with attributes at its root and in groups (`@name`), and float32 data sets. */
export function hdf5(attributes: Readonly<Record<string, string | string[]>>, tree: Tree): Uint8Array {
  const file = new h5wasm.File('fixture.h5', 'w');
  for (const [name, value] of Object.entries(attributes)) file.create_attribute(name, value);
  const write = (group: h5wasm.Group, contents: Tree): void => {
    for (const [name, item] of Object.entries(contents)) {
      if (Array.isArray(item['values'])) {
        const { values, shape } = item as { shape: number[]; values: number[] };
        group.create_dataset({ name, data: Float32Array.from(values), shape, dtype: '<f' });
      } else {
        const inner = group.create_group(name);
        const { '@': names, ...rest } = item as Tree & { '@'?: Record<string, string[]> };
        for (const [key, value] of Object.entries(names ?? {})) inner.create_attribute(key, value);
        write(inner, rest);
      }
    }
  };
  write(file, tree);
  file.close();
  const bytes = h5wasm.FS!.readFile('fixture.h5').slice();
  h5wasm.FS!.unlink('fixture.h5');
  return bytes;
}

export const set = (shape: number[], phase: number) => ({ shape, values: wave(shape, phase) });
export const names = (key: string, list: string[]): Tree => ({ '@': { [key]: list } }) as unknown as Tree;
