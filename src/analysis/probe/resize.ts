import type { Image } from './image';

/**
 * Bilinear interpolation between pixel centres, edges repeated, without smoothing beforehand: what Keras does when it
 * loads images of a folder (tf.image.resize). Returns `[height, width, image.channels]` in 0 to 255.
 */
export function resize(image: Image, height: number, width: number): Float32Array {
  const { channels, data, white } = image;
  const rows = positions(image.height, height);
  const columns = positions(image.width, width);
  const resized = new Float32Array(height * width * channels);
  let to = 0;
  for (const row of rows) {
    const [above, below] = [row.first * image.width, row.second * image.width];
    for (const column of columns) {
      for (let c = 0; c < channels; c++) {
        const at = (pixel: number) => data[pixel * channels + c];
        const top = mix(at(above + column.first), at(above + column.second), column.share);
        const bottom = mix(at(below + column.first), at(below + column.second), column.share);
        resized[to++] = (mix(top, bottom, row.share) * 255) / white;
      }
    }
  }
  return resized;
}

/** Which two of `from` pixels each of `to` pixels lies between, and how much of the second it takes. */
function positions(from: number, to: number): { first: number; second: number; share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const first = Math.min(Math.floor(at), from - 1);
    return { first, second: Math.min(first + 1, from - 1), share: at - first };
  });
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** Weights of red, green and blue in a gray (ITU-R BT.601), as Pillow converts. */
const LUMA = [0.299, 0.587, 0.114];

/**
 * Pixels with `from` channels as pixels with 1 (gray), 3 (RGB) or 4 (RGBA) channels, all in 0 to 255: gray is
 * repeated, colours are weighted, missing alpha is 255, and alpha that is not wanted is dropped, as Pillow does.
 */
export function convertChannels(pixels: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return pixels;
  const count = pixels.length / from;
  const converted = new Float32Array(count * to);
  const colored = from >= 3;
  const alpha = from === 2 || from === 4;
  for (let i = 0; i < count; i++) {
    const color = (c: number) => pixels[i * from + (colored ? c : 0)];
    for (let c = 0; c < Math.min(to, 3); c++) {
      converted[i * to + c] =
        to === 1 && colored ? LUMA.reduce((sum, weight, k) => sum + weight * color(k), 0) : color(c);
    }
    if (to === 4) converted[i * to + 3] = alpha ? pixels[i * from + from - 1] : 255;
  }
  return converted;
}
