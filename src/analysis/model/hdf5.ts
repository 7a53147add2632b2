/**
 * HDF5 files in memory, through h5wasm. Its build for browsers is used in Node too: the one for Node opens the real file
 * system, where a hostile file could link to others.
 */

import type { Dataset, Group } from 'h5wasm';
import { DiagnosisError } from '../../report/errors';
import { halfToNumber, type SavedWeight, sizeOf, type WeightValues } from './savedWeight';

export type { Group };

/** Deflate, the strongest filter that HDF5 has built in, never unpacks to more than 1032 times its size. */
const MAXIMUM_RATIO = 1032;

let files = 0;

/** Opens the file for as long as `read` runs. Throws `not-a-model` for what is not HDF5. */
export async function withHdf5<T>(bytes: Uint8Array, place: string, read: (file: Hdf5File) => T): Promise<T> {
  const { ready, File } = await import('h5wasm');
  const module = await ready;
  const { FS } = module;
  // HDF5 would write its errors to the console.
  module.activate_throwing_error_handler();
  const name = `model-${++files}.h5`;
  FS.writeFile(name, bytes);
  try {
    let file;
    try {
      file = new File(name, 'r');
    } catch (error) {
      throw broken(place, error);
    }
    try {
      return read(new Hdf5File(file, place, bytes.length));
    } catch (error) {
      throw error instanceof DiagnosisError ? error : broken(place, error);
    } finally {
      file.close();
    }
  } finally {
    FS.unlink(name);
  }
}

const broken = (place: string, cause: unknown): DiagnosisError =>
  new DiagnosisError(
    'not-a-model',
    'The HDF5 file is damaged or cut off and cannot be opened.',
    place,
    'Save or download it again.',
    { cause },
  );

export class Hdf5File {
  constructor(
    readonly root: Group,
    private readonly place: string,
    private readonly size: number,
  ) {}

  /** The group at the path, or null. Links to other files lead nowhere. */
  group(from: Group, path: string): Group | null {
    const found = from.get(path);
    return found !== null && isGroup(found) ? found : null;
  }

  /** A text attribute, or null. */
  attribute(group: Group, name: string): string | null {
    const { attrs } = group;
    const value = Object.hasOwn(attrs, name) ? attrs[name].value : null;
    return typeof value === 'string' ? value : value instanceof Uint8Array ? new TextDecoder().decode(value) : null;
  }

  /** An attribute that is a list of texts; Keras splits long ones into `name0`, `name1`, … Null where there is none. */
  list(group: Group, name: string): string[] | null {
    const { attrs } = group;
    // An empty list reads as an empty text or array.
    const texts = (key: string): string[] =>
      [attrs[key].value ?? []].flat(2).filter((item) => typeof item === 'string' && item !== '') as string[];
    if (Object.hasOwn(attrs, name)) return texts(name);
    if (!Object.hasOwn(attrs, `${name}0`)) return null;
    const parts: string[] = [];
    for (let i = 0; Object.hasOwn(attrs, `${name}${i}`); i++) parts.push(...texts(`${name}${i}`));
    return parts;
  }

  /** The data set at the path. Throws `weights-mismatch` where there is none, `unsupported-format` for no numbers. */
  weight(from: Group, path: string, name: string): SavedWeight {
    const found = from.get(path);
    if (found === null || !isDataset(found)) {
      throw new DiagnosisError(
        'weights-mismatch',
        `The file lists the weight "${name}" but does not hold it.`,
        this.place,
        'Save the model again.',
      );
    }
    const shape = found.shape ?? [];
    const size = sizeOf(shape);
    if (!(size <= this.size * MAXIMUM_RATIO)) {
      throw new DiagnosisError(
        'weights-mismatch',
        `The weight "${name}" has the shape [${shape.join(', ')}], more than the file can hold.`,
        this.place,
        'Save the model again.',
      );
    }
    return { name, shape, values: this.values(found, name) };
  }

  private values(dataset: Dataset, name: string): WeightValues {
    const { type, size } = dataset.metadata;
    if (type === FLOAT && size === 2) return halves(dataset);
    const value = dataset.value;
    if (value instanceof Float32Array) return value;
    if (typeof value === 'number') return Float32Array.of(value);
    if (typeof value === 'bigint') return Float32Array.of(Number(value));
    if (value instanceof BigInt64Array || value instanceof BigUint64Array) return Int32Array.from(value, Number);
    if (value instanceof Int32Array || value instanceof Uint8Array) return value;
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Float32Array.from(value as Float64Array);
    throw new DiagnosisError(
      'unsupported-format',
      `The weight "${name}" is of the type ${JSON.stringify(dataset.dtype)}, which cannot be read.`,
      this.place,
      'Save the model with float32 weights.',
    );
  }
}

/** HDF5's classes of types, of which h5wasm reads floats of 4 and 8 bytes only. */
const INTEGER = 0;
const FLOAT = 1;

/** Values of float16, read as whole numbers of two bytes. */
function halves(dataset: Dataset): Float32Array {
  const metadata = { ...dataset.metadata, type: INTEGER, signed: false };
  Object.defineProperty(dataset, 'metadata', { value: metadata });
  const value = dataset.value as Uint16Array | number;
  return typeof value === 'number' ? Float32Array.of(halfToNumber(value)) : Float32Array.from(value, halfToNumber);
}

const isGroup = (entity: object): entity is Group => 'keys' in entity && 'get' in entity;
const isDataset = (entity: object): entity is Dataset => 'shape' in entity && 'dtype' in entity;
