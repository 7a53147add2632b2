/** Shape and values of a .npy file of version 1.0 that holds float32 in C order, as ../diagnosis/npy.ts writes it. */
export function npyFloats(file: Buffer): { readonly shape: number[]; readonly values: Float32Array } {
  const start = 10 + file.readUInt16LE(8);
  const header = file.toString('latin1', 10, start);
  const [, list] = /'shape': \(([\d, ]*)\)/.exec(header)!;
  const shape = list
    .split(',')
    .filter((text) => text.trim() !== '')
    .map(Number);
  const values = new Float32Array((file.length - start) / 4);
  new Uint8Array(values.buffer).set(file.subarray(start));
  return { shape, values };
}
