/** Writes .npy files for the tests, by the description of the format in NumPy's documentation (numpy.lib.format). */
export function npyFile(
  descr: string,
  shape: readonly (number | bigint | string)[],
  body: Uint8Array,
  options: { fortran?: boolean; version?: number } = {},
) {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  return npyWithHeader(
    `{'descr': ${descr.startsWith('[') ? descr : `'${descr}'`}, 'fortran_order': ${options.fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`,
    body,
    options.version,
  );
}

export function npyWithHeader(dictionary: string, body: Uint8Array, version = 1): Uint8Array {
  const prefix = version === 1 ? 10 : 12;
  const padding = (64 - ((prefix + dictionary.length + 1) % 64)) % 64;
  const header = new TextEncoder().encode(`${dictionary}${' '.repeat(padding)}\n`);
  const file = new Uint8Array(prefix + header.length + body.length);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  file.set(header, prefix);
  file.set(body, prefix + header.length);
  return file;
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** A float32 array in C order. */
export function npyFloats(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  return npyFile('<f4', shape, bytesOf(Float32Array.from(values)));
}
