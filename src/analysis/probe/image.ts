import { Unzlib } from 'fflate';
import { decode as decodePng, hasPngSignature, type DecodedPng } from 'fast-png';
import { decode as decodeJpeg } from 'jpeg-js';
import { DiagnosisError } from '../../report/errors';

/** Row-major pixels, `[height, width, channels]`: gray, gray and alpha, RGB or RGBA. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array;
  /** The value of white: 255 or 65535. */
  readonly white: number;
}

const MEGAPIXELS = 64;
/** Of a progressive JPEG; encoders write about ten. */
const MAX_SCANS = 100;
/** What the data of an image may unpack to without being looked at first, in bytes. */
const HARMLESS = 64 * 1024 * 1024;
/** Deflate never unpacks to more than 1032 times its size. */
const MAX_RATIO = 1032;

/** Decodes a PNG or JPEG of up to 64 megapixels, told apart by their first bytes; else `invalid-data`. */
export function decodeImage(bytes: Uint8Array, place: string): Image {
  const remedy = 'Replace the image or take it out of the data.';
  try {
    if (hasPngSignature(bytes)) return png(bytes);
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpeg(bytes);
  } catch (error) {
    const message = `The image cannot be read: ${(error as Error).message.replace(/[.\s]+$/, '')}.`;
    throw new DiagnosisError('invalid-data', message, place, remedy, { cause: error });
  }
  if (bytes.length === 0) throw new DiagnosisError('file-empty', 'The image is empty.', place, remedy);
  throw new DiagnosisError('invalid-data', 'The image is neither a PNG nor a JPEG.', place, remedy);
}

function jpeg(bytes: Uint8Array): Image {
  // Each scan goes over the whole image, however few bytes it takes, so a small file could take hours.
  let scans = 0;
  for (let i = 0; i + 1 < bytes.length; i++) if (bytes[i] === 0xff && bytes[i + 1] === 0xda) scans++;
  if (scans > MAX_SCANS) throw new Error(`it has more than ${MAX_SCANS} scans`);
  try {
    const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
    const image = decodeJpeg(bytes, { ...options, maxResolutionInMP: MEGAPIXELS, maxMemoryUsageInMB: 1024 });
    return { width: image.width, height: image.height, channels: 3, data: image.data, white: 255 };
  } catch (error) {
    if (/^max(Resolution|Memory)/.test((error as Error).message)) throw tooLarge();
    throw error;
  }
}

function png(bytes: Uint8Array): Image {
  const image = decodePng(essentialChunks(bytes));
  const { width, height, depth, palette } = image;
  if (depth === 16) return { width, height, channels: image.channels, data: image.data as Uint16Array, white: 0xffff };
  const data = depth === 8 ? (image.data as Uint8Array) : unpackBits(image);
  if (palette === undefined) {
    const white = 2 ** depth - 1;
    return { width, height, channels: image.channels, data, white };
  }
  const channels = palette.some((color) => color.length === 4) ? 4 : 3;
  const colors = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const color = palette[data[i]];
    if (color === undefined) throw new Error('a pixel has a colour that the palette lacks');
    for (let c = 0; c < channels; c++) colors[i * channels + c] = color[c] ?? 255;
  }
  return { width, height, channels, data: colors, white: 255 };
}

/**
 * The chunks that make the pixels. The others (profiles, texts, further frames) are left out unread, because some of
 * them unpack to any size; sizes are checked against the header before anything is unpacked.
 */
function essentialChunks(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  const data: Uint8Array[] = [];
  let header: Uint8Array | null = null;
  let ended = false;
  for (let at = 8; !ended; ) {
    if (at + 12 > bytes.length) throw new Error('the file is cut off');
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const chunk = bytes.subarray(at, at + length + 12);
    if (chunk.length < length + 12) throw new Error('the file is cut off');
    const content = chunk.subarray(8, 8 + length);
    if ((type === 'IHDR') !== (header === null)) throw new Error('the header is missing or comes twice');
    if (type === 'IHDR') header = content;
    if (type === 'IDAT') data.push(content);
    // Transparency is of use with a palette only (colour type 3): elsewhere it is a single colour.
    if (['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(type) || (type === 'tRNS' && header?.[9] === 3)) kept.push(chunk);
    ended = type === 'IEND';
    at += length + 12;
  }
  checkSizes(header!, data);
  const essential = new Uint8Array(kept.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of kept) {
    essential.set(chunk, at);
    at += chunk.length;
  }
  return essential;
}

function checkSizes(header: Uint8Array, data: readonly Uint8Array[]): void {
  if (header.length !== 13) throw new Error('the header is damaged');
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const [width, height, depth, colorType, interlaced] = [
    view.getUint32(0),
    view.getUint32(4),
    header[8],
    header[9],
    header[12],
  ];
  if (width === 0 || height === 0) throw new Error('it has no pixels');
  if (width * height > MEGAPIXELS * 1e6) throw tooLarge();
  if (interlaced !== 0 && depth < 8) throw new Error('interlaced images of less than 8 bits are not supported');
  const channels = [1, NaN, 3, 1, 2, NaN, 4][colorType];
  // One byte for the filter of each line; interlacing has up to 15/8 as many lines.
  const expected = height * (Math.ceil((width * depth * channels) / 8) + 1);
  const packed = data.reduce((sum, { length }) => sum + length, 0);
  if (packed * MAX_RATIO < (width * height * depth * channels) / 8) throw new Error('its data are cut off');
  if (packed * MAX_RATIO <= HARMLESS) return;
  let unpacked = 0;
  const counter = new Unzlib((chunk) => {
    unpacked += chunk.length;
    if (unpacked > 2 * expected + 1024) throw new Error('its data are larger than its header says');
  });
  for (const part of data) {
    for (let at = 0; at < part.length; at += 65536) counter.push(part.subarray(at, at + 65536), false);
  }
}

/** One byte per sample; lines begin at whole bytes. */
function unpackBits({ width, height, depth, data }: DecodedPng): Uint8Array {
  const samples = new Uint8Array(width * height);
  const lineBytes = Math.ceil((width * depth) / 8);
  const mask = 2 ** depth - 1;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const bit = x * depth;
      samples[i] = (data[y * lineBytes + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return samples;
}

function tooLarge(): Error {
  return new Error(`it has more than ${MEGAPIXELS} megapixels`);
}
