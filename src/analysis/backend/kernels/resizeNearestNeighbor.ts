import {
  getKernel,
  registerKernel,
  ResizeNearestNeighborGrad,
  unregisterKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';

/**
 * The gradient of nearest-neighbour resizing on the cpu backend: each output's gradient goes to the pixel it was copied
 * from. tfjs's own reads every sample but the first at the wrong offset.
 */
export function registerCpuResizeNearestNeighborGradient(): void {
  const stock = getKernel(ResizeNearestNeighborGrad, 'cpu');
  unregisterKernel(ResizeNearestNeighborGrad, 'cpu');
  registerKernel({
    ...stock,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { images, dy } = inputs as { images: TensorInfo; dy: TensorInfo };
      const { alignCorners } = attrs as unknown as { alignCorners: boolean };
      const cpu = backend as MathBackendCPU;
      const [batch, height, width, channels] = images.shape;
      const [, outHeight, outWidth] = dy.shape;
      const rows = sources(height, outHeight, alignCorners);
      const columns = sources(width, outWidth, alignCorners);
      const gradient = cpu.readSync(dy.dataId) as Float32Array;
      const out = new Float32Array(batch * height * width * channels);
      let i = 0;
      for (let b = 0; b < batch; b++) {
        for (const row of rows) {
          for (const column of columns) {
            const pixel = ((b * height + row) * width + column) * channels;
            for (let c = 0; c < channels; c++) out[pixel + c] += gradient[i++];
          }
        }
      }
      return cpu.makeTensorInfo(images.shape, 'float32', out);
    },
  });
}

/** For each output position the input position that it copies, as tfjs's forward kernel chooses it. */
function sources(inSize: number, outSize: number, alignCorners: boolean): number[] {
  const aligned = alignCorners && outSize > 1;
  const scale = aligned ? (inSize - 1) / (outSize - 1) : inSize / outSize;
  return Array.from({ length: outSize }, (_, position) =>
    Math.min(inSize - 1, alignCorners ? Math.round(position * scale) : Math.floor(position * scale)),
  );
}
