import { DiagnosisError } from '../../report/errors';
import type { ArrayReader, Numbers } from './arrayReader';
import { MEMORY_LIMIT, type Bytes } from './bytes';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const MAX_HEADER = 64 * 1024;
const MAX_DIMENSIONS = 32;

/** Opens a .npy array (numpy.lib.format versions 1.0 to 3.0) of booleans, integers or floats; rows are read as needed. */
export async function npyReader(bytes: Bytes): Promise<ArrayReader> {
  const header = await readHeader(bytes);
  const { shape, fortranOrder, type } = header;
  if (shape.length === 0) throw invalid(bytes, 'The array is a single number without an axis for the samples.');
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  const length = elements * type.bytes;
  if (!Number.isSafeInteger(length))
    throw invalid(bytes, `The header declares an impossible shape, ${shape.join(' × ')}.`);
  if (length > 0 && (await bytes.read(header.length + length - 1, 1)).length === 0) {
    throw invalid(bytes, `The file ends before the ${shape.join(' × ')} numbers that its header declares.`);
  }

  const [rows, ...rowShape] = shape;
  const rowSize = rows === 0 ? 0 : elements / rows;
  const columnMajor =
    fortranOrder && rowShape.length > 0 ? await readColumnMajor(bytes, header.length, length, header) : null;
  let room = new ArrayBuffer(0);
  return {
    rows,
    shape: rowShape,
    dtype: type.name,
    pixels: false,
    notes: [],
    async read(start: number, count: number): Promise<Numbers> {
      if (columnMajor !== null) return columnMajor.subarray(start * rowSize, (start + count) * rowSize);
      const wanted = count * rowSize * type.bytes;
      if (room.byteLength < wanted) room = new ArrayBuffer(wanted);
      const part = await bytes.read(header.length + start * rowSize * type.bytes, wanted, new Uint8Array(room));
      if (part.length < wanted) throw invalid(bytes, 'The file became shorter while it was read.');
      return type.decode(part, room);
    },
  };
}

interface Header {
  /** Bytes before the first number. */
  readonly length: number;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  readonly type: ElementType;
}

async function readHeader(bytes: Bytes): Promise<Header> {
  const start = await bytes.read(0, 12);
  if (start.length === 0)
    throw new DiagnosisError('file-empty', 'The file is empty.', bytes.place, 'Save the array again.');
  if (MAGIC.some((byte, i) => start[i] !== byte))
    throw invalid(bytes, 'This is not a .npy file: its first bytes are wrong.');
  const version = start[6];
  if (start.length < 12 || version < 1 || version > 3)
    throw invalid(bytes, `The .npy header is cut off or of an unknown version (${version}).`);
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const textStart = version === 1 ? 10 : 12;
  const textLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (textLength > MAX_HEADER) throw invalid(bytes, 'The .npy header is larger than 64 KB.');
  const text = new TextDecoder('utf-8').decode(await bytes.read(textStart, textLength));

  const descr = /'descr'\s*:\s*(?:'([^']*)'|\[)/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const dimensions = /'shape'\s*:\s*\(([^)]*)\)/.exec(text);
  if (descr === null || order === null || dimensions === null) throw invalid(bytes, 'The .npy header cannot be read.');
  return {
    length: textStart + textLength,
    shape: parseShape(bytes, dimensions[1]),
    fortranOrder: order[1] === 'True',
    type: elementType(bytes, descr[1] ?? 'a record'),
  };
}

/** `"3, 28, 28"` or `"3,"`; Python 2 wrote `3L`. */
function parseShape(bytes: Bytes, text: string): number[] {
  const shape = text
    .split(',')
    .map((part) => part.trim())
    .filter((part, i, all) => part !== '' || i < all.length - 1)
    .map((part) => (/^\d{1,16}L?$/.test(part) ? parseInt(part, 10) : NaN));
  if (shape.length > MAX_DIMENSIONS || shape.some((dimension) => !Number.isSafeInteger(dimension))) {
    throw invalid(bytes, `The header declares an impossible shape, (${text.slice(0, 80)}).`);
  }
  return shape;
}

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  /** @param room aligned memory for the numbers, where the bytes may lie already. */
  decode(bytes: Uint8Array, room: ArrayBuffer): Numbers;
}

/** Of a type string such as `<f4`: byte order, kind, bytes. */
function elementType(bytes: Bytes, descr: string): ElementType {
  const match = /^([<>|=]?)(?:([fiub])([1248])|\?)$/.exec(descr);
  const key = match === null ? '' : `${match[2] ?? 'b'}${match[3] ?? '1'}`;
  const view = VIEWS.get(key);
  if (match === null || view === undefined) {
    const message = descr.includes('O')
      ? 'The file holds pickled Python objects, which are never read.'
      : `The file holds values of the type ${descr.slice(0, 40)}, not numbers.`;
    throw invalid(bytes, message, 'Convert the array, for example with x.astype("float32"), and save it again.');
  }
  const width = Number(key[1]);
  const swap = match[1] === '>' && width > 1;
  return {
    name: NAMES.get(key[0])! + (key === 'b1' ? '' : String(8 * width)),
    bytes: width,
    decode(part: Uint8Array, room: ArrayBuffer): Numbers {
      const aligned = new Uint8Array(room, 0, part.length);
      if (part.buffer !== room) aligned.set(part);
      if (swap) for (let i = 0; i < part.length; i += width) aligned.subarray(i, i + width).reverse();
      return view(room, part.length / width);
    },
  };
}

const NAMES = new Map([
  ['f', 'float'],
  ['i', 'int'],
  ['u', 'uint'],
  ['b', 'bool'],
]);

const VIEWS = new Map<string, (buffer: ArrayBuffer, length: number) => Numbers>([
  ['b1', (buffer, length) => Uint8Array.from(new Uint8Array(buffer, 0, length), (byte) => (byte === 0 ? 0 : 1))],
  ['u1', (buffer, length) => new Uint8Array(buffer, 0, length)],
  ['u2', (buffer, length) => new Uint16Array(buffer, 0, length)],
  ['u4', (buffer, length) => new Uint32Array(buffer, 0, length)],
  ['u8', (buffer, length) => Float64Array.from(new BigUint64Array(buffer, 0, length), Number)],
  ['i1', (buffer, length) => new Int8Array(buffer, 0, length)],
  ['i2', (buffer, length) => new Int16Array(buffer, 0, length)],
  ['i4', (buffer, length) => new Int32Array(buffer, 0, length)],
  ['i8', (buffer, length) => Float64Array.from(new BigInt64Array(buffer, 0, length), Number)],
  ['f2', (buffer, length) => Float32Array.from(new Uint16Array(buffer, 0, length), halfToNumber)],
  ['f4', (buffer, length) => new Float32Array(buffer, 0, length)],
  ['f8', (buffer, length) => new Float64Array(buffer, 0, length)],
]);

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits. */
function halfToNumber(half: number): number {
  const sign = half >> 15 === 0 ? 1 : -1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** In Fortran order a row is scattered over the whole file, so the file is read at once and turned over. */
async function readColumnMajor(
  bytes: Bytes,
  offset: number,
  length: number,
  { shape, type }: Header,
): Promise<Numbers> {
  if (length > MEMORY_LIMIT) {
    throw invalid(
      bytes,
      'The array is stored in Fortran order and larger than 256 MB, so its rows cannot be read one by one.',
      'Save it in C order: np.save(file, np.ascontiguousarray(x)).',
    );
  }
  const columns = type.decode(await bytes.read(offset, length), new ArrayBuffer(length));
  const rows = columns.slice();
  // Steps through the source in the order of the rows: `strides` are those of Fortran order.
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, source = 0; i < rows.length; i++) {
    rows[i] = columns[source];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return rows;
}

function invalid(bytes: Bytes, message: string, remedy = 'Save the array again with np.save.'): DiagnosisError {
  return new DiagnosisError('invalid-data', message, bytes.place, remedy);
}
