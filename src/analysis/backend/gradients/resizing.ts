import {
  getGradient,
  ResizeBilinear,
  ResizeNearestNeighbor,
  tensor2d,
  transpose,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { bilinear, interpolate, type Interpolation, nearest } from '../interpolation';
import { replaceGradient } from './gradient';

/** tfjs takes the gradient of resizing with half-pixel centres as if the pixels lay elsewhere. */
export function registerResizingGradients(): void {
  replaceHalfPixel(ResizeBilinear, bilinear);
  replaceHalfPixel(ResizeNearestNeighbor, nearest);
}

function replaceHalfPixel(kernelName: string, matrix: Interpolation): void {
  const stock = getGradient(kernelName).gradFunc;
  replaceGradient({
    kernelName,
    inputsToSave: ['images'],
    gradFunc: (dy, saved, attributes) => {
      if (attributes['halfPixelCenters'] !== true) return stock(dy, saved, attributes);
      const [[, h, w], [, height, width]] = [saved[0].shape, (dy as Tensor4D).shape];
      const back = (from: number, to: number) => transpose(tensor2d(matrix(from, to), [to, from]));
      return { images: () => interpolate(dy as Tensor4D, back(h, height), back(w, width)) };
    },
  });
}
