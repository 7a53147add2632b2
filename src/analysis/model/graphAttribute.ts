/** Attributes of a GraphDef in JSON, as untrusted as all of the file. */

import { get, isRecord } from './json';

/** A string: base64, or a list of bytes in files of the first converters; null where it is neither. */
export function decodeAttribute(value: unknown): string | null {
  if (Array.isArray(value)) return value.every(isByte) ? String.fromCharCode(...value) : null;
  if (typeof value !== 'string') return null;
  try {
    return atob(value);
  } catch {
    return null;
  }
}

const isByte = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;

/** The sizes in a TensorShapeProto, null where free; null where the rank is unknown or it is not one. */
export function shapeOf(shape: unknown): (number | null)[] | null {
  const dims = get(shape, 'dim') ?? [];
  if (!isRecord(shape) || get(shape, 'unknownRank') === true || !Array.isArray(dims)) return null;
  return dims.map((dim: unknown) => {
    const size = Number(get(dim, 'size') ?? 0);
    return Number.isInteger(size) && size >= 0 ? size : null;
  });
}

const INTEGERS = new Set<unknown>(['DT_INT32', 'DT_INT64', 'DT_INT8', 'DT_UINT8', 'DT_INT16', 3, 4, 5, 6, 9]);
const BOOLEANS = new Set<unknown>(['DT_BOOL', 10]);
const STRINGS = new Set<unknown>(['DT_STRING', 7]);

/** The dtype of tfjs for a DataType, by name or by number. */
export function dtypeOf(type: unknown): 'float32' | 'int32' | 'bool' | 'string' {
  if (INTEGERS.has(type)) return 'int32';
  if (BOOLEANS.has(type)) return 'bool';
  return STRINGS.has(type) ? 'string' : 'float32';
}
