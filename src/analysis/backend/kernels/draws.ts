import { registerKernel, util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { drawInto, mulberry32, normal, type Random } from '../../probe/random';
import { size, wasmKernel } from './kernel';

/** What both kernels are told: a shape, and the state of mulberry32 that the draws follow. */
export interface Draws {
  readonly shape: readonly number[];
  readonly state: number;
}

/** Uniform draws on (center - reach, center + reach). */
export const DRAW_UNIFORM = 'DrawUniform';
export interface UniformDraws extends Draws {
  readonly center: number;
  readonly reach: number;
}

/** Normal draws, from within two deviations of the mean only where they are `truncated`. */
export const DRAW_NORMAL = 'DrawNormal';
export interface NormalDraws extends Draws {
  readonly mean: number;
  readonly deviation: number;
  readonly truncated: boolean;
}

const CUT = 2;
/** Share of a normal distribution within two deviations of the mean. */
const WITHIN = 0.954499736103642;

/** Weights are millions: the routines of ../assembly/random.ts draw them four at a time. */
export function registerDraws(): void {
  wasmKernel<object, UniformDraws>(DRAW_UNIFORM, (call) => {
    const { shape, state, center, reach } = call.attributes;
    const out = call.output(shape);
    call.heap.drawUniform(call.pointer(out), size(out), state, center, reach);
    return out;
  });
  wasmKernel<object, NormalDraws>(DRAW_NORMAL, (call) => {
    const { shape, state, mean, deviation, truncated } = call.attributes;
    const out = call.output(shape);
    call.heap.drawNormal(call.pointer(out), size(out), state, mean, deviation, truncated ? WITHIN : 1);
    return out;
  });
}

/** The same distributions, one by one. */
export function registerCpuDraws(): void {
  cpuDraws<UniformDraws>(DRAW_UNIFORM, ({ state, center, reach }) => {
    const random = mulberry32(state);
    return () => center + reach * (2 * random() - 1);
  });
  cpuDraws<NormalDraws>(DRAW_NORMAL, ({ state, mean, deviation, truncated }) => {
    const gaussian = normal(mulberry32(state));
    return () => {
      let x = gaussian();
      while (truncated && Math.abs(x) > CUT) x = gaussian();
      return mean + deviation * x;
    };
  });
}

function cpuDraws<A extends Draws>(kernelName: string, drawing: (attributes: A) => Random): void {
  registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ attrs, backend }): TensorInfo => {
      const attributes = attrs as unknown as A;
      const values = drawInto(new Float32Array(util.sizeFromShape([...attributes.shape])), drawing(attributes));
      return (backend as MathBackendCPU).makeTensorInfo([...attributes.shape], 'float32', values);
    },
  });
}
