/** Weights as a file holds them, of whatever format, and the decoding of their bytes. */

/** The dtypes of tfjs that a weight can have in memory. */
export type WeightValues = Float32Array | Int32Array | Uint8Array;

export interface SavedWeight {
  /** As the file names it, without a TensorFlow output index: `dense_1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** `Uint8Array` for bool. */
  readonly values: WeightValues;
  /** The names of the models around the layer and its own, where the file tells them apart from the weight's name. */
  readonly owner?: readonly string[];
}

/** Linear quantisation (`value = q * scale + min`), or halves of floats. */
export type Quantization =
  | { readonly dtype: 'float16' }
  | { readonly dtype: 'uint8' | 'int8' | 'uint16'; readonly scale: number; readonly min: number };

export type StoredDtype = 'float32' | 'float16' | 'float64' | 'int32' | 'int64' | 'uint8' | 'int8' | 'uint16' | 'bool';

export const BYTES_PER_VALUE: Readonly<Record<StoredDtype, number>> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  uint16: 2,
  uint8: 1,
  int8: 1,
  bool: 1,
};

/** Number of values of a tensor; NaN where the shape is not one, or is too large to count. */
export function sizeOf(shape: readonly number[]): number {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return shape.every((dim) => Number.isInteger(dim) && dim >= 0) && Number.isSafeInteger(size) ? size : NaN;
}

/** Little-endian bytes to the numbers they stand for, before quantisation is undone. */
export function decodeValues(bytes: Uint8Array, dtype: StoredDtype): WeightValues {
  // A copy, because typed arrays must start at a multiple of their element's size.
  const { buffer } = bytes.slice();
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return Float32Array.from(new Float64Array(buffer));
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'int32':
      return new Int32Array(buffer);
    case 'int64':
      return Int32Array.from(new BigInt64Array(buffer), Number);
    case 'uint16':
      return Int32Array.from(new Uint16Array(buffer));
    case 'int8':
      return Int32Array.from(new Int8Array(buffer));
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
  }
}

/** Undoes the quantisation; integers are rounded to the nearest, as tfjs does. */
export function dequantize(
  bytes: Uint8Array,
  quantization: Quantization,
  dtype: 'float32' | 'int32',
): Float32Array | Int32Array {
  const stored = decodeValues(bytes, quantization.dtype);
  if (quantization.dtype === 'float16') return stored as Float32Array;
  const { scale, min } = quantization;
  return dtype === 'float32'
    ? Float32Array.from(stored, (q) => q * scale + min)
    : Int32Array.from(stored, (q) => Math.round(q * scale + min));
}

/** IEEE 754 binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
