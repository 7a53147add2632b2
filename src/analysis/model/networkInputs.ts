/** What each input of a LayersModel must be fed with, read off its shape and the layers that consume it. */

import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { DiagnosisError } from '../../report/errors';
import { isContainer, type Layer } from './layerFacts';
import { OpaqueLayer } from './layers/opaqueLayer';
import { PassThrough } from './layers/shaping';
import type { NetworkInput } from './network';

/** Sizes given to free dimensions: long enough to tell layers apart, short enough to be quick. */
export const FREE_STEPS = 16;
export const FREE_PIXELS = 64;

export function networkInputs(model: LayersModel): NetworkInput[] {
  return model.inputs.map((symbolic) => {
    const [batch, ...dims] = symbolic.shape;
    const consumers = consumersOf(model, symbolic);
    const name = symbolic.sourceLayer?.name ?? symbolic.name;
    const limit = Math.min(...consumers.map(indexLimit));
    const kind =
      Number.isFinite(limit) || symbolic.dtype === 'int32' ? 'indices' : isImage(dims) ? 'image' : 'features';
    const free = kind === 'image' ? FREE_PIXELS : FREE_STEPS;
    const shape = dims.map((size) => size ?? free);
    if (shape.some((size) => !Number.isInteger(size) || size < 1)) {
      throw new DiagnosisError('invalid-topology', `The input "${name}" has the shape [${dims.join(', ')}].`, name);
    }
    return {
      name,
      shape,
      dtype: symbolic.dtype === 'int32' || symbolic.dtype === 'bool' ? symbolic.dtype : 'float32',
      batchSize: batch ?? null,
      kind,
      range: kind !== 'image' ? null : consumers.some(rescalesBytes) ? [0, 255] : [0, 1],
      limit: Number.isFinite(limit) ? limit : null,
    } satisfies NetworkInput;
  });
}

/** Height, width and 1, 3 or 4 channels, last or first. */
export function isImage(dims: readonly (number | null)[]): boolean {
  if (dims.length !== 3) return false;
  const channels = (size: number | null): boolean => size === 1 || size === 3 || size === 4;
  const large = (size: number | null): boolean => size === null || size >= 8;
  return (
    (channels(dims[2]) && large(dims[0]) && large(dims[1])) || (channels(dims[0]) && large(dims[1]) && large(dims[2]))
  );
}

/** Layers that hand on the values that they are given, or may: what comes after them is fed by the input as well. */
const HANDS_ON = new Set(['Concatenate', 'Dropout', 'Flatten', 'Permute', 'RepeatVector', 'Reshape']);
const handsOn = (layer: Layer): boolean =>
  layer instanceof OpaqueLayer || layer instanceof PassThrough || HANDS_ON.has(layer.getClassName());

/** The layers that the input tensor flows into, looked for inside nested models too, and behind what hands it on. */
function consumersOf(model: Layer, symbolic: SymbolicTensor): Layer[] {
  const graph = ((model as { model?: unknown }).model ?? model) as {
    inputs: SymbolicTensor[];
    nodesByDepth: Record<
      string,
      { outboundLayer: Layer; inputTensors: SymbolicTensor[]; outputTensors: SymbolicTensor[] }[]
    >;
  };
  return Object.values(graph.nodesByDepth)
    .flat()
    .filter(
      ({ outboundLayer, inputTensors }) =>
        outboundLayer.getClassName() !== 'InputLayer' && inputTensors.includes(symbolic),
    )
    .flatMap(({ outboundLayer, inputTensors, outputTensors }) => {
      if (handsOn(outboundLayer)) {
        return [outboundLayer, ...outputTensors.flatMap((output) => consumersOf(model, output))];
      }
      if (!isContainer(outboundLayer)) return [outboundLayer];
      const inner = ((outboundLayer as { model?: unknown }).model ?? outboundLayer) as { inputs: SymbolicTensor[] };
      return consumersOf(outboundLayer, inner.inputs[inputTensors.indexOf(symbolic)]);
    });
}

/** One more than the largest index that the layer accepts; Infinity for layers that take real numbers. */
function indexLimit(layer: Layer): number {
  const { inputDim, numTokens } = layer as { inputDim?: unknown; numTokens?: unknown };
  if (layer.getClassName() === 'Embedding' && typeof inputDim === 'number') return inputDim;
  if (layer.getClassName() === 'CategoryEncoding' && typeof numTokens === 'number') return numTokens;
  return Infinity;
}

/** Whether the layer brings bytes to about [0, 1] or [-1, 1]. */
function rescalesBytes(layer: Layer): boolean {
  const { scale } = layer as { scale?: unknown };
  return layer.getClassName() === 'Rescaling' && typeof scale === 'number' && scale < 0.1;
}
