/**
 * Weights as Keras 1 and Keras on Theano keep them, in the form of Keras 2 on TensorFlow. Source: what Keras 2 does when it
 * loads them, `preprocess_weights_for_loading` in `keras/engine/saving.py` of Keras 2.2.4, and for separable
 * convolutions, which that passes over, Keras 1.2.2, `keras/layers/convolutional.py`.
 */

import type { JsonRecord } from './json';
import { canonicalClass } from './ownLayers';
import { type SavedWeight, sizeOf } from './savedWeight';
import { layerDefinition, type LayerDefinition, MAXIMUM_NESTING, modelDefinition } from './topology';

/** The weights of one layer of the outermost model, or of a model within it, in the file's order. */
export interface LayerWeights {
  readonly layer: string;
  readonly weights: readonly SavedWeight[];
}

export interface Origin {
  readonly keras1: boolean;
  /** What Keras ran on; null where the file does not tell. */
  readonly backend: string | null;
}

interface Leaf {
  readonly definition: LayerDefinition;
  /** The names of the models around the layer and its own. */
  readonly owner: readonly string[];
}

/** Theano convolves, where TensorFlow correlates: its kernels lie turned round. */
const isTheano = ({ backend }: Origin): boolean => backend === 'theano';

/** The weights of all layers, for the network of `topology`. Those of layers that it does not have stay as they are. */
export function modernWeights(
  groups: readonly LayerWeights[],
  topology: unknown,
  origin: Origin,
  notes: string[],
): SavedWeight[] {
  if (!origin.keras1 && !isTheano(origin)) return groups.flatMap(({ weights }) => weights);
  const leaves = leavesOf(layerDefinition(topology, []), []);
  if (origin.backend === null && leaves.some(isLikeTheanos)) {
    notes.push(
      'The channels come first, as was the custom on Theano, but the file does not say what Keras ran on. On Theano the kernels of convolutions lie turned round; they were taken as they are.',
    );
  }
  return groups.flatMap(({ layer, weights }) => {
    const own = leaves.find(({ definition }) => definition.name === layer);
    if (own !== undefined) return modernLayer(own, weights, origin);
    // A model within the model has all of its weights in one group.
    return modernModel(
      leaves.filter(({ owner }) => owner.includes(layer)),
      weights,
      origin,
    );
  });
}

const isLikeTheanos = ({ definition: { className, config } }: Leaf): boolean =>
  CONVOLUTIONS.has(canonicalClass(className)) && config['data_format'] === 'channels_first';

function leavesOf(definition: LayerDefinition, owner: readonly string[]): Leaf[] {
  const model = owner.length > MAXIMUM_NESTING ? null : modelDefinition(definition);
  if (model === null) return [{ definition, owner }];
  return model.layers.flatMap((layer) => leavesOf(layer, [...owner, layer.name]));
}

/** Weights of several layers, told apart by their names, in the order of the file: those that learn come first. */
function modernModel(leaves: readonly Leaf[], weights: readonly SavedWeight[], origin: Origin): SavedWeight[] {
  const result: (SavedWeight | undefined)[] = [...weights];
  const owners = weights.map((weight) => ownerOf(weight, leaves));
  for (const leaf of leaves) {
    const places = [...owners.keys()].filter((i) => owners[i] === leaf);
    const modern = modernLayer(
      leaf,
      places.map((i) => weights[i]),
      origin,
    );
    for (const [i, place] of places.entries()) result[place] = modern[i];
  }
  return result.filter((weight) => weight !== undefined);
}

/** The layer whose name is the longest that the weight's begins with: `dense_1_W` (Keras 1), `dense_1/kernel` (Keras 2). */
function ownerOf({ name }: SavedWeight, leaves: readonly Leaf[]): Leaf | undefined {
  const parts = name.split('/');
  return leaves
    .filter(({ definition: { name: layer } }) => parts.some((part) => part === layer || part.startsWith(`${layer}_`)))
    .sort((a, b) => b.definition.name.length - a.definition.name.length)[0];
}

function modernLayer({ definition, owner }: Leaf, weights: readonly SavedWeight[], origin: Origin): SavedWeight[] {
  const inner = (): Leaf => ({ definition: layerDefinition(definition.config['layer'], definition.path), owner });
  const own = (list: readonly SavedWeight[]): SavedWeight[] => list.map((weight) => ({ ...weight, owner }));
  switch (canonicalClass(definition.className)) {
    case 'Bidirectional': {
      const half = Math.floor(weights.length / 2);
      return [weights.slice(0, half), weights.slice(half)].flatMap((list) => modernLayer(inner(), list, origin));
    }
    case 'TimeDistributed':
      return own(modernModel(leavesOf(inner().definition, [definition.name]), weights, origin));
    default: {
      const keras2 = origin.keras1 ? keras2Weights(definition, weights) : weights;
      return own(isTheano(origin) ? keras2.map((weight, i) => correlating(definition, weight, i)) : keras2);
    }
  }
}

function keras2Weights({ className, config }: LayerDefinition, weights: readonly SavedWeight[]): SavedWeight[] {
  const channelsFirst = config['data_format'] === 'channels_first';
  const [first, ...rest] = weights;
  if (first === undefined) return [];
  switch (canonicalClass(className)) {
    case 'Conv1D':
      return [sequenceKernel(first, config), ...rest];
    case 'Conv2D':
    case 'Conv3D':
      // [filters, channels, ...size]
      return [channelsFirst ? transposed(first, [...first.shape.keys()].slice(2).concat(1, 0)) : first, ...rest];
    case 'Conv2DTranspose':
      // [filters, channels, rows, columns] or [rows, columns, channels, filters]
      return [transposed(first, channelsFirst ? [2, 3, 0, 1] : [0, 1, 3, 2]), ...rest];
    case 'SeparableConv2D':
      // [multiplier, channels, rows, columns] and [filters, channels, 1, 1]
      return weights.map((weight) =>
        channelsFirst && weight.shape.length === 4 ? transposed(weight, [2, 3, 1, 0]) : weight,
      );
    case 'GRU':
      return gates(weights, [0, 1, 2]);
    case 'LSTM':
      return gates(weights, LSTM_GATES);
    case 'ConvLSTM2D':
      return gates(weights, LSTM_GATES).map((weight) =>
        channelsFirst && weight.shape.length === 4 ? transposed(weight, [2, 3, 1, 0]) : weight,
      );
    default:
      return [...weights];
  }
}

/** Keras 1 has the gates in the order i, c, f, o, Keras 2 in i, f, c, o. */
const LSTM_GATES = [0, 2, 1, 3];

/** Kernel, recurrent kernel and bias of each gate, side by side; where they are so in the file, as they are. */
function gates(weights: readonly SavedWeight[], order: readonly number[]): SavedWeight[] {
  if (weights.length !== 3 * order.length) return [...weights];
  return [0, 1, 2].map((part) => joined(order.map((gate) => weights[3 * gate + part])));
}

/** `[length, 1, channels, filters]`, before Keras 1.1 `[filters, channels, length, 1]`, as `[length, channels, filters]`. */
function sequenceKernel(kernel: SavedWeight, config: JsonRecord): SavedWeight {
  const [length, one, , filters] = kernel.shape;
  if (kernel.shape.length !== 4) return kernel;
  const isNew = length === [config['kernel_size']].flat()[0] && one === 1 && filters === config['filters'];
  const { shape, ...rest } = isNew ? kernel : transposed(kernel, [2, 3, 1, 0]);
  return { ...rest, shape: [shape[0], ...shape.slice(2)] };
}

const CONVOLUTIONS = new Set(['Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'ConvLSTM2D']);

/** The kernel, and the recurrent kernel, with all axes but the channels' turned round. */
function correlating({ className }: LayerDefinition, weight: SavedWeight, index: number): SavedWeight {
  const name = canonicalClass(className);
  const flipped = CONVOLUTIONS.has(name) && (index === 0 || (index === 1 && name === 'ConvLSTM2D'));
  if (!flipped) return weight;
  const { shape, values } = weight;
  const channels = sizeOf(shape.slice(-2));
  const positions = sizeOf(shape.slice(0, -2));
  const turned = values.slice();
  for (let i = 0; i < positions; i++) {
    turned.set(values.subarray(i * channels, (i + 1) * channels), (positions - 1 - i) * channels);
  }
  return { ...weight, values: turned };
}

/** Axis i of the result is axis `order[i]` of the weight, as in numpy. Weights of another rank stay as they are. */
function transposed(weight: SavedWeight, order: readonly number[]): SavedWeight {
  const { shape, values } = weight;
  if (shape.length !== order.length) return weight;
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const turned = values.slice();
  const newShape = order.map((axis) => shape[axis]);
  let place = 0;
  const visit = (axis: number, from: number): void => {
    if (axis === order.length) turned[place++] = values[from];
    else for (let i = 0; i < newShape[axis]; i++) visit(axis + 1, from + i * strides[order[axis]]);
  };
  visit(0, 0);
  return { ...weight, shape: newShape, values: turned };
}

/** Side by side along the last axis. */
function joined(weights: readonly SavedWeight[]): SavedWeight {
  const [{ name, shape }] = weights;
  const rows = sizeOf(shape.slice(0, -1));
  const widths = weights.map((weight) => weight.shape.at(-1) ?? 0);
  const width = widths.reduce((a, b) => a + b, 0);
  const values = new Float32Array(rows * width);
  let column = 0;
  for (const [k, weight] of weights.entries()) {
    for (let row = 0; row < rows; row++) {
      values.set(weight.values.subarray(row * widths[k], (row + 1) * widths[k]), row * width + column);
    }
    column += widths[k];
  }
  return { name, shape: [...shape.slice(0, -1), width], values };
}
