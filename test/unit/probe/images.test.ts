import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { encode as encodePng, type ImageData } from 'fast-png';
import { zlibSync } from 'fflate';
import { encode as encodeJpeg } from 'jpeg-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeImage, type Image } from '../../../src/analysis/probe/image';
import { openImageFile, openImageFolder } from '../../../src/analysis/probe/images';
import { convertChannels, resize } from '../../../src/analysis/probe/resize';
import { memoryFolder } from './memoryFolder';
import { targetOf } from './target';

const png = (width: number, height: number, channels: number, data: number[], rest: Partial<ImageData> = {}) =>
  encodePng({ width, height, channels, data: Uint8Array.from(data), ...rest });

/** One PNG chunk; the decoder does not look at the checksum. */
function chunk(type: string, content: Uint8Array | number[]): number[] {
  const { length } = content;
  return [
    length >>> 24,
    (length >> 16) & 255,
    (length >> 8) & 255,
    length & 255,
    ...new TextEncoder().encode(type),
    ...content,
    0,
    0,
    0,
    0,
  ];
}

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const word = (value: number) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];

function rawPng(
  width: number,
  height: number,
  depth: number,
  colorType: number,
  lines: number[],
  options: { before?: number[]; interlace?: number } = {},
) {
  return Uint8Array.from([
    ...SIGNATURE,
    ...chunk('IHDR', [...word(width), ...word(height), depth, colorType, 0, 0, options.interlace ?? 0]),
    ...(options.before ?? []),
    ...chunk('IDAT', zlibSync(Uint8Array.from(lines))),
    ...chunk('IEND', []),
  ]);
}

describe('decodeImage', () => {
  const decoded = (bytes: Uint8Array) => {
    const { width, height, channels, data, white } = decodeImage(bytes, 'a.png');
    return { size: [width, height, channels], data: [...data], white };
  };

  it.each([
    ['gray', 1, [0, 100, 200, 255]],
    ['gray and alpha', 2, [0, 255, 100, 0, 200, 9, 255, 1]],
    ['RGB', 3, [255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3]],
    ['RGBA', 4, [255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 0, 1, 2, 3, 4]],
  ])('reads PNG in %s', (_, channels, data) => {
    expect(decoded(png(2, 2, channels, data))).toEqual({ size: [2, 2, channels], data, white: 255 });
  });

  it('reads PNG of 16 bits', () => {
    const data = Uint16Array.of(0, 257, 65535, 1);
    expect(decoded(encodePng({ width: 2, height: 2, channels: 1, depth: 16, data }))).toEqual({
      size: [2, 2, 1],
      data: [...data],
      white: 65535,
    });
  });

  it('reads PNG of fewer than 8 bits, whose lines begin at whole bytes', () => {
    // Five pixels a line: 1 0 1 1 0 and 0 1 0 0 1 in one bit each, then 0 1 2 3 0 in two.
    expect(decoded(rawPng(5, 2, 1, 0, [0, 0b10110000, 0, 0b01001000]))).toEqual({
      size: [5, 2, 1],
      data: [1, 0, 1, 1, 0, 0, 1, 0, 0, 1],
      white: 1,
    });
    expect(decoded(rawPng(5, 1, 2, 0, [0, 0b00011011, 0]))).toMatchObject({ data: [0, 1, 2, 3, 0], white: 3 });
    expect(decoded(rawPng(3, 1, 4, 0, [0, 0x1f, 0x80]))).toMatchObject({ data: [1, 15, 8], white: 15 });
  });

  it('reads palettes, with and without alpha', () => {
    const palette = chunk('PLTE', [10, 20, 30, 40, 50, 60]);
    expect(decoded(rawPng(2, 1, 8, 3, [0, 1, 0], { before: palette }))).toMatchObject({
      size: [2, 1, 3],
      data: [40, 50, 60, 10, 20, 30],
    });
    expect(decoded(rawPng(2, 1, 1, 3, [0, 0b10000000], { before: [...palette, ...chunk('tRNS', [7])] }))).toMatchObject(
      {
        size: [2, 1, 4],
        data: [40, 50, 60, 255, 10, 20, 30, 7],
      },
    );
  });

  it('reads interlaced PNG', () => {
    const data = Array.from({ length: 81 }, (_, i) => i * 3);
    expect(
      decoded(encodePng({ width: 9, height: 9, channels: 1, data: Uint8Array.from(data) }, { interlace: 'Adam7' }))
        .data,
    ).toEqual(data);
  });

  it('leaves out chunks that do not make pixels, unread', () => {
    const before = [...chunk('iCCP', [0x61, 0, 0, 1, 2, 3]), ...chunk('tEXt', [1, 2, 3]), ...chunk('fcTL', [9])];
    expect(decoded(rawPng(2, 1, 8, 0, [0, 5, 6], { before })).data).toEqual([5, 6]);
  });

  it('reads JPEG, in colour and within its loss', () => {
    const data = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) => [200, 100, 50, 255][i % 4]);
    const {
      size,
      data: pixels,
      white,
    } = decoded(new Uint8Array(encodeJpeg({ width: 16, height: 16, data }, 100).data));
    expect([size, white]).toEqual([[16, 16, 3], 255]);
    pixels.forEach((value, i) => expect(Math.abs(value - [200, 100, 50][i % 3])).toBeLessThanOrEqual(2));
  });

  const good = png(8, 8, 3, new Array<number>(192).fill(7));
  const jpeg = new Uint8Array(
    encodeJpeg({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 4).map((_, i) => (i * 7919) % 251) }, 90).data,
  );
  const hugeJpeg = jpeg.slice();
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  hugeJpeg.set([0xff, 0xff, 0xff, 0xff], frame + 5);
  it.each([
    ['an empty file', new Uint8Array(), 'empty'],
    ['a text', new TextEncoder().encode('no image at all'), 'neither a PNG nor a JPEG'],
    ['a GIF', new TextEncoder().encode('GIF89a......'), 'neither a PNG nor a JPEG'],
    ['a truncated PNG', good.slice(0, -20), 'cut off'],
    ['a PNG signature alone', Uint8Array.from(SIGNATURE), 'cut off'],
    ['a PNG without a header', Uint8Array.from([...SIGNATURE, ...chunk('IEND', [])]), 'header is missing'],
    ['a PNG without pixels', rawPng(0, 5, 8, 0, []), 'no pixels'],
    ['a PNG of too many pixels', rawPng(8001, 8000, 8, 0, [0]), 'more than 64 megapixels'],
    ['a PNG whose size overflows', rawPng(0xffffffff, 0xffffffff, 8, 0, [0]), 'more than 64 megapixels'],
    ['a PNG that promises pixels it lacks', rawPng(8000, 8000, 8, 0, [0]), 'cut off'],
    ['a PNG with damaged data', good.map((byte, i) => (i > 45 && i < 50 ? 0xff : byte)), 'cannot be read'],
    [
      'a palette that lacks a colour',
      rawPng(1, 1, 8, 3, [0, 9], { before: chunk('PLTE', [1, 2, 3]) }),
      'the palette lacks',
    ],
    ['interlaced bits', rawPng(4, 4, 1, 0, [0], { interlace: 1 }), 'interlaced images of less than 8 bits'],
    ['an unknown colour type', rawPng(1, 1, 8, 5, [0, 0]), 'cannot be read'],
    ['a truncated JPEG', jpeg.slice(0, jpeg.length / 2), 'cannot be read'],
    ['a JPEG without pixels', jpeg.slice(0, 20), 'cannot be read'],
    [
      'a JPEG of too many scans',
      Uint8Array.from([...jpeg, ...new Array<number[]>(100).fill([0xff, 0xda]).flat()]),
      'more than 100 scans',
    ],
    ['a JPEG of too many pixels', hugeJpeg, 'more than 64 megapixels'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeImage(bytes, 'a.png')).toThrow(
      expect.objectContaining({
        name: 'DiagnosisError',
        place: 'a.png',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  it('refuses a PNG whose data unpack to more than its size', () => {
    const bomb = zlibSync(new Uint8Array(100_000_000), { level: 9 });
    const bytes = Uint8Array.from([
      ...SIGNATURE,
      ...chunk('IHDR', [...word(4), ...word(4), 8, 0, 0, 0, 0]),
      ...chunk('IDAT', bomb),
      ...chunk('IEND', []),
    ]);
    expect(() => decodeImage(bytes, 'a.png')).toThrow('larger than its header says');
  });
});

describe('resize', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it.each([
    [5, 7, 12, 3],
    [3, 3, 6, 6],
    [10, 4, 1, 1],
    [1, 1, 4, 4],
    [8, 8, 8, 8],
  ])('takes %i×%i to %i×%i as tf.image.resizeBilinear with half-pixel centres', (height, width, toHeight, toWidth) => {
    const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 7919) % 256);
    const image: Image = { width, height, channels: 3, data, white: 255 };
    const expected = tf.tidy(() =>
      tf.image.resizeBilinear(tf.tensor3d(data, [height, width, 3]), [toHeight, toWidth], false, true).dataSync(),
    );
    const resized = resize(image, toHeight, toWidth);
    expect(resized).toHaveLength(expected.length);
    // The kernel of tfjs computes in float32: 256 times its precision, with room for three interpolations.
    resized.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-3));
  });

  it('brings every depth to 0 to 255', () => {
    const image = { width: 2, height: 1, channels: 1, data: Uint16Array.of(0, 65535), white: 65535 };
    expect([...resize(image, 1, 2)]).toEqual([0, 255]);
    expect([...resize({ ...image, data: Uint8Array.of(1, 3), white: 3 }, 1, 2)]).toEqual([85, 255]);
  });
});

describe('convertChannels', () => {
  it.each([
    [1, 3, [9], [9, 9, 9]],
    [1, 4, [9], [9, 9, 9, 255]],
    [2, 1, [9, 100], [9]],
    [2, 3, [9, 100], [9, 9, 9]],
    [2, 4, [9, 100], [9, 9, 9, 100]],
    [3, 1, [10, 20, 30], [0.299 * 10 + 0.587 * 20 + 0.114 * 30]],
    [3, 4, [1, 2, 3], [1, 2, 3, 255]],
    [4, 1, [10, 20, 30, 7], [0.299 * 10 + 0.587 * 20 + 0.114 * 30]],
    [4, 3, [1, 2, 3, 4], [1, 2, 3]],
  ])('turns %i channels into %i', (from, to, pixels, converted) => {
    const twice = convertChannels(Float32Array.from([...pixels, ...pixels]), from, to);
    expect(twice).toEqual(Float32Array.from([...converted, ...converted]));
  });
});

describe('openImageFolder', () => {
  const red = png(1, 1, 3, [255, 0, 0]);
  const gray = png(2, 2, 1, [0, 40, 80, 120]);

  it('reads images in the order of their names, as the input wants them', async () => {
    const folder = memoryFolder({ 'b.png': red, 'a.PNG': gray, '.hidden.png': red, 'notes.txt': 'x' }, 'photos');
    const file = await openImageFolder('photos', folder);
    const reader = await file.open(null, targetOf([2, 2, 3]));
    expect([reader.rows, reader.shape, reader.pixels]).toEqual([2, [2, 2, 3], true]);
    expect([...(await reader.read(0, 2))]).toEqual([
      ...[0, 0, 0, 40, 40, 40, 80, 80, 80, 120, 120, 120],
      ...[255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0],
    ]);
    expect(reader.notes).toEqual([
      '1 image resized to 2×2 pixels, whatever the proportions.',
      '1 image converted to 3 channels.',
    ]);
  });

  it('writes channels first, or none, where the input has them so', async () => {
    const file = await openImageFolder('photos', memoryFolder({ 'a.png': png(2, 1, 3, [1, 2, 3, 4, 5, 6]) }));
    expect([...(await (await file.open(null, targetOf([3, 1, 2]))).read(0, 1))]).toEqual([1, 4, 2, 5, 3, 6]);
    const plain = await openImageFolder('photos', memoryFolder({ 'a.png': gray }));
    expect([...(await (await plain.open(null, targetOf([2, 2]))).read(0, 1))]).toEqual([0, 40, 80, 120]);
  });

  it('takes inner folders for classes', async () => {
    const folder = memoryFolder({ 'dog/1.png': red, 'cat/2.png': gray, 'cat/1.png': red, 'empty/x.txt': '' }, 'pets');
    const file = await openImageFolder('pets', folder);
    const labels = await file.open(null, targetOf([2], 'labels'));
    expect([labels.shape, [...(await labels.read(0, 3))]]).toEqual([[], [0, 0, 1]]);
    const images = await file.open(null, targetOf([1, 1, 1]));
    // Gray of red is 0.299 of 255; the middle of the 2×2 image is the mean of its four pixels.
    expect([...(await images.read(1, 2))]).toEqual([60, Math.fround(0.299 * 255)]);
  });

  it('opens one image', async () => {
    const folder = memoryFolder({ 'some/a.png': gray, 'some/b.png': red });
    const reader = await (await openImageFile('a.png', folder, 'some/a.png')).open(null, targetOf([2, 2, 1]));
    expect([reader.rows, [...(await reader.read(0, 1))]]).toEqual([1, [0, 40, 80, 120]]);
    await expect(openImageFile('c.png', folder, 'some/c.png')).rejects.toMatchObject({ code: 'file-not-found' });
  });

  it.each([
    ['no images', { 'a.txt': 'x' }, [2, 2, 1], 'input', 'invalid-data', 'no PNG or JPEG'],
    [
      'an input that is no image',
      { 'a.png': gray },
      [784],
      'input',
      'shape-mismatch',
      'takes 784, which is not an image',
    ],
    ['labels without classes', { 'a.png': gray }, [2], 'labels', 'invalid-data', 'nothing about labels'],
    ['a broken image', { 'a.png': gray.slice(0, 50) }, [2, 2, 1], 'input', 'invalid-data', 'cannot be read'],
  ] as const)('refuses %s', async (_, files, shape, role, code, message) => {
    const read = async () => {
      const file = await openImageFolder('photos', memoryFolder(files));
      return (await file.open(null, targetOf(shape, role))).read(0, 1);
    };
    await expect(read()).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  });
});
