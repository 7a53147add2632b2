import { engine, util, type Tensor } from '@tensorflow/tfjs-core';
import { DRAW_NORMAL, DRAW_UNIFORM, type Draws, type NormalDraws, type UniformDraws } from '../backend/kernels/draws';
import { MULBERRY_STEP } from '../probe/random';

/** Random draws for all weights of a copy, one after another from one seed. */
export class WeightStream {
  constructor(private state: number) {}

  /** Draws that are uniform on (low, high). */
  uniform(shape: readonly number[], low: number, high: number): Tensor {
    return this.draw<UniformDraws>(DRAW_UNIFORM, { shape, center: (low + high) / 2, reach: (high - low) / 2 });
  }

  /** Normal draws; where they are `truncated`, from within two deviations of the mean only. */
  normal(shape: readonly number[], mean: number, deviation: number, truncated = false): Tensor {
    return this.draw<NormalDraws>(DRAW_NORMAL, { shape, mean, deviation, truncated });
  }

  private draw<A extends Draws>(kernelName: string, attributes: Omit<A, 'state'> & Pick<A, 'shape'>): Tensor {
    const { state } = this;
    this.state = (state + Math.imul(util.sizeFromShape([...attributes.shape]), MULBERRY_STEP)) | 0;
    return engine().runKernel(kernelName, {}, { ...attributes, state });
  }
}
