import { DiagnosisError } from '../../report/errors';
import type { Folder } from '../model/folder';
import type { ArrayReader, DataFile, Target } from './arrayReader';
import { MEMORY_LIMIT, placeOf } from './bytes';
import { sizeOf } from './inputStatistics';
import { convertChannels, resize } from './resize';
import { imageLayout } from './shapes';
import { count, formatShape } from './words';

interface ImageEntry {
  /** Within the folder. */
  readonly path: string;
  readonly size: number;
}

/**
 * A folder of PNG and JPEG images, in the order of their names. Where it holds folders of images instead, each is one
 * class, numbered in the order of the names, and the folder serves as labels too.
 */
export async function openImageFolder(name: string, folder: Folder): Promise<DataFile> {
  const images = await imagesIn(folder, null);
  const classes: number[] = [];
  if (images.length === 0) {
    const folders = (await folder.list()).filter((entry) => entry.kind === 'folder').map((entry) => entry.name);
    let found = 0;
    for (const inner of folders.sort(byCodeUnit)) {
      const members = await imagesIn(folder, inner);
      if (members.length === 0) continue;
      images.push(...members);
      classes.push(...members.map(() => found));
      found++;
    }
  }
  if (images.length === 0) {
    throw new DiagnosisError(
      'invalid-data',
      'The folder holds no PNG or JPEG images.',
      folder.path,
      'Give another folder, or a file.',
    );
  }
  return imageFile(name, folder, folder.path, images, classes);
}

/** A single image, one sample. */
export async function openImageFile(name: string, folder: Folder, file: string): Promise<DataFile> {
  const inside = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : null;
  const images = (await imagesIn(folder, inside)).filter(({ path }) => path === file);
  const place = placeOf({ folder, file });
  if (images.length === 0)
    throw new DiagnosisError('file-not-found', 'There is no such file.', place, 'Check the path.');
  return imageFile(name, folder, place, images, []);
}

async function imagesIn(folder: Folder, inside: string | null): Promise<ImageEntry[]> {
  const entries = await folder.list(inside ?? undefined);
  return entries
    .filter(({ name, kind }) => kind === 'file' && /^[^.].*\.(png|jpe?g)$/i.test(name))
    .map(({ name, size }) => ({ path: inside === null ? name : `${inside}/${name}`, size }))
    .sort((a, b) => byCodeUnit(a.path, b.path));
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function imageFile(
  name: string,
  folder: Folder,
  place: string,
  images: readonly ImageEntry[],
  classes: readonly number[],
): DataFile {
  const open = (target: Target): ArrayReader => {
    if (target.role === 'input') return imageReader(folder, place, images, target);
    if (classes.length > 0) return classReader(classes);
    const remedy = 'Put the images of each class into a folder of their own, or give the labels in a file.';
    throw new DiagnosisError('invalid-data', 'The images say nothing about labels.', place, remedy);
  };
  return {
    name,
    place,
    arrays: [name.replace(/\.[^.]*$/, '')],
    labels: null,
    open: (_, target) => Promise.resolve().then(() => open(target)),
  };
}

function classReader(classes: readonly number[]): ArrayReader {
  return {
    rows: classes.length,
    shape: [],
    dtype: 'class',
    pixels: false,
    notes: [],
    read: (start, rows) => Promise.resolve(Float64Array.from(classes.slice(start, start + rows))),
  };
}

function imageReader(folder: Folder, place: string, images: readonly ImageEntry[], { shape }: Target): ArrayReader {
  const layout = imageLayout(shape);
  if (layout === null) {
    const message = `The input takes ${formatShape(shape)}, which is not an image of 1, 3 or 4 channels.`;
    throw new DiagnosisError('shape-mismatch', message, place, 'Give the data as .npy.');
  }
  const { height, width, channels, channelStride, pixelStride } = layout;
  const resized = new Set<number>();
  const recolored = new Set<number>();
  const size = sizeOf(shape);

  return {
    rows: images.length,
    shape,
    dtype: 'pixels',
    pixels: true,
    get notes() {
      const resizing = `${count(resized.size, 'image')} resized to ${width}×${height} pixels, whatever the proportions.`;
      const recoloring = `${count(recolored.size, 'image')} converted to ${count(channels, 'channel')}.`;
      return [...(resized.size === 0 ? [] : [resizing]), ...(recolored.size === 0 ? [] : [recoloring])];
    },
    async read(start: number, rows: number): Promise<Float32Array> {
      const values = new Float32Array(rows * size);
      for (let i = 0; i < rows; i++) {
        const { path, size: bytes } = images[start + i];
        const imagePlace = placeOf({ folder, file: path });
        if (bytes > MEMORY_LIMIT) {
          throw new DiagnosisError(
            'invalid-data',
            'The image is larger than 256 MB.',
            imagePlace,
            'Take it out of the data.',
          );
        }
        // Only now, with its decoders.
        const { decodeImage } = await import('./image');
        const image = decodeImage(await folder.read(path), imagePlace);
        if (image.height !== height || image.width !== width) resized.add(start + i);
        if (image.channels !== channels) recolored.add(start + i);
        const pixels = convertChannels(resize(image, height, width), image.channels, channels);
        for (let pixel = 0, from = 0; pixel < height * width; pixel++) {
          const to = i * size + pixel * pixelStride;
          for (let c = 0; c < channels; c++) values[to + c * channelStride] = pixels[from++];
        }
      }
      return values;
    },
  };
}
