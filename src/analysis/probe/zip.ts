import { DiagnosisError } from '../../report/errors';
import { MEMORY_LIMIT, memoryBytes, partOf, type Bytes } from './bytes';

/** A member of a zip archive. */
export interface ZipMember {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  /** Bytes in the archive, and unpacked. */
  readonly packed: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/** PKWARE APPNOTE 6.3.10: the sections are 4.3.16, 4.3.15, 4.3.14, 4.3.12 and 4.3.7. */
const END = { signature: 0x06054b50, length: 22 };
const LOCATOR_64 = { signature: 0x07064b50, length: 20 };
const END_64 = { signature: 0x06064b50, length: 56 };
const CENTRAL = { signature: 0x02014b50, length: 46 };
const LOCAL = { signature: 0x04034b50, length: 30 };

const MAX_COMMENT = 0xffff;
const MAX_DIRECTORY = 16 * 1024 * 1024;
/** Deflate spends at least one bit on 258 bytes twice over, so it never unpacks to more than 1032 times its size. */
const MAX_RATIO = 1032;
const CHUNK = 64 * 1024;

/** The members in the order of the central directory; zip64 is read too. Rejects with `invalid-data`. */
export async function zipMembers(bytes: Bytes): Promise<ZipMember[]> {
  const { offset, length } = await findDirectory(bytes);
  if (length > MAX_DIRECTORY) throw invalid(bytes, 'The directory of the archive is larger than 16 MB.');
  const directory = await bytes.read(offset, length);
  const view = viewOf(directory);
  const members: ZipMember[] = [];
  for (let at = 0; at + CENTRAL.length <= directory.length; ) {
    if (view.getUint32(at, true) !== CENTRAL.signature) break;
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const commentLength = view.getUint16(at + 32, true);
    const extra = at + CENTRAL.length + nameLength;
    if (extra + extraLength > directory.length) throw invalid(bytes, 'The directory of the archive is cut off.');
    // Fields too small for their value hold all ones; the value then stands in the zip64 extra field, in this order.
    const wide = zip64Fields(view, extra, extraLength);
    const field = (position: number) => {
      const value = view.getUint32(at + position, true);
      return value === 0xffffffff ? (wide.shift() ?? NaN) : value;
    };
    const size = field(24);
    const packed = field(20);
    const local = field(42);
    if (![size, packed, local].every(Number.isSafeInteger))
      throw invalid(bytes, 'The archive declares an impossible size.');
    members.push({
      name: new TextDecoder().decode(directory.subarray(at + CENTRAL.length, extra)),
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      packed,
      size,
      offset: local,
    });
    at = extra + extraLength + commentLength;
  }
  return members;
}

/** The member's bytes: read in place when it is stored, else unpacked into memory, up to 256 MB. */
export async function openMember(bytes: Bytes, member: ZipMember): Promise<Bytes> {
  const place = `${bytes.place}, ${member.name}`;
  if (member.encrypted)
    throw new DiagnosisError('invalid-data', 'The archive is encrypted.', place, 'Save it without a password.');
  const header = await bytes.read(member.offset, LOCAL.length);
  const view = viewOf(header);
  if (header.length < LOCAL.length || view.getUint32(0, true) !== LOCAL.signature) {
    throw invalid(bytes, `The archive has no member where its directory says ${member.name} is.`);
  }
  const start = member.offset + LOCAL.length + view.getUint16(26, true) + view.getUint16(28, true);
  if (member.method === 0) return partOf(bytes, start, member.size, place);
  if (member.method === 8) return memoryBytes(place, await inflate(partOf(bytes, start, member.packed, place), member));
  throw invalid(bytes, `The compression method ${member.method} of ${member.name} is not supported.`);
}

async function inflate(packed: Bytes, { size, packed: packedSize }: ZipMember): Promise<Uint8Array> {
  if (size > MEMORY_LIMIT) {
    const message = `The array unpacks to ${Math.ceil(size / 1e6)} MB, too much to hold in memory.`;
    throw new DiagnosisError(
      'invalid-data',
      message,
      packed.place,
      'Save it uncompressed with np.savez or np.save: it is then read in parts.',
    );
  }
  if (size > packedSize * MAX_RATIO + CHUNK) throw damaged(packed);
  const unpacked = new Uint8Array(size);
  let filled = 0;
  let ended = false;
  // Only now: its tables take a while to fill.
  const { Inflate } = await import('fflate');
  const stream = new Inflate((chunk, final) => {
    if (filled + chunk.length > size) throw damaged(packed);
    unpacked.set(chunk, filled);
    filled += chunk.length;
    ended ||= final;
  });
  try {
    for (let offset = 0; offset < packedSize; offset += CHUNK) {
      const chunk = await packed.read(offset, CHUNK);
      stream.push(chunk, offset + CHUNK >= packedSize);
    }
  } catch (error) {
    throw error instanceof DiagnosisError ? error : damaged(packed, error);
  }
  if (filled < size || !ended) throw damaged(packed);
  return unpacked;
}

async function findDirectory(bytes: Bytes): Promise<{ offset: number; length: number }> {
  const size = await bytes.size();
  if (size === 0) throw new DiagnosisError('file-empty', 'The file is empty.', bytes.place, 'Save the file again.');
  const tailStart = Math.max(0, size - END.length - MAX_COMMENT);
  const tail = await bytes.read(tailStart, size - tailStart);
  const view = viewOf(tail);
  let end = tail.length - END.length;
  while (end >= 0 && view.getUint32(end, true) !== END.signature) end--;
  if (end < 0) throw invalid(bytes, 'This is not a zip archive, or its end is missing.');

  const locator = end - LOCATOR_64.length;
  if (locator >= 0 && view.getUint32(locator, true) === LOCATOR_64.signature) {
    const record = await bytes.read(Number(view.getBigUint64(locator + 8, true)), END_64.length);
    if (record.length === END_64.length && viewOf(record).getUint32(0, true) === END_64.signature) {
      const wide = viewOf(record);
      return checked(Number(wide.getBigUint64(48, true)), Number(wide.getBigUint64(40, true)));
    }
  }
  return checked(view.getUint32(end + 16, true), view.getUint32(end + 12, true));

  function checked(offset: number, length: number) {
    if (offset + length > size) throw invalid(bytes, 'The directory of the archive is cut off.');
    return { offset, length };
  }
}

/** The values of the zip64 extra field (header id 1), empty without one. */
function zip64Fields(view: DataView, start: number, length: number): number[] {
  for (let at = start; at + 4 <= start + length; ) {
    const id = view.getUint16(at, true);
    const end = Math.min(at + 4 + view.getUint16(at + 2, true), start + length);
    if (id === 1) {
      const values: number[] = [];
      for (let field = at + 4; field + 8 <= end; field += 8) values.push(Number(view.getBigUint64(field, true)));
      return values;
    }
    at = end;
  }
  return [];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(bytes: Bytes, cause?: unknown): DiagnosisError {
  const message = 'The compressed array is damaged, or not of the size that the archive declares.';
  return new DiagnosisError('invalid-data', message, bytes.place, 'Save the file again.', { cause });
}

function invalid(bytes: Bytes, message: string): DiagnosisError {
  return new DiagnosisError('invalid-data', message, bytes.place, 'Save the file again with np.savez.');
}
