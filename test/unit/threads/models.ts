import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { DiagnoseRequest } from '../../../src/analysis/diagnose';
import { mulberry32, normal } from '../../../src/analysis/probe/random';
import { FilesInMemory } from '../../benchmark/diagnosis/filesInMemory';
import { npyBytes } from '../../benchmark/diagnosis/npy';

const noise = (size: number, seed: number): Float32Array =>
  Float32Array.from({ length: size }, normal(mulberry32(seed)));

/** Weights of He et al. (2015), with biases low enough for dead units where `shift` is negative. */
function weighted(model: tfl.LayersModel, shift = 0): tfl.LayersModel {
  let seed = 1;
  for (const layer of model.layers) {
    layer.setWeights(
      layer.weights.map(({ shape, name }) => {
        const dimensions = shape as number[];
        const size = dimensions.reduce((a, b) => a * b, 1);
        if (/bias/.test(name)) return tf.fill(dimensions, shift);
        const fanIn = size / dimensions[dimensions.length - 1];
        return tf.tensor(noise(size, seed++), dimensions).mul(Math.sqrt(2 / fanIn));
      }),
    );
  }
  return model;
}

/** The files of the model, and samples and labels for it where their shapes are given. */
export async function filesOf(
  model: tfl.LayersModel,
  data: Readonly<Record<string, readonly number[]>> = {},
): Promise<FilesInMemory> {
  const files: Record<string, Uint8Array> = {};
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      const weights = artifacts.weightData as ArrayBuffer;
      const { modelTopology, trainingConfig, weightSpecs } = artifacts;
      const manifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      const json = { format: 'layers-model', modelTopology, trainingConfig, weightsManifest: manifest };
      files['model.json'] = new TextEncoder().encode(JSON.stringify(json));
      files['weights.bin'] = new Uint8Array(weights);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } });
    }),
  );
  Object.entries(data).forEach(([name, shape], i) => {
    files[`${name}.npy`] = npyBytes(
      shape,
      noise(
        shape.reduce((a, b) => a * b, 1),
        100 + i,
      ),
    );
  });
  return new FilesInMemory('memory', files);
}

/** Several layers of sigmoids: questions stay open, so that experiments are made. */
export function sigmoids(depth: number, units: number): tfl.LayersModel {
  const layers = Array.from({ length: depth }, (_, i) =>
    tfl.layers.dense({ units, activation: 'sigmoid', ...(i === 0 ? { inputShape: [units] } : {}) }),
  );
  return weighted(tfl.sequential({ layers: [...layers, tfl.layers.dense({ units: 3, activation: 'softmax' })] }));
}

/** A network whose first layer is dead for the most part, so that learning rates are tried. */
export function dying(): tfl.LayersModel {
  const model = tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 24, activation: 'relu', inputShape: [12] }),
      tfl.layers.dense({ units: 24 }),
      tfl.layers.reLU(),
      tfl.layers.dense({ units: 4 }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  return weighted(model, -2.5);
}

function convolutional(): tfl.LayersModel {
  return weighted(
    tfl.sequential({
      layers: [
        tfl.layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu', inputShape: [12, 12, 3] }),
        tfl.layers.batchNormalization({ scale: false }),
        tfl.layers.maxPooling2d({ poolSize: 2 }),
        tfl.layers.conv2d({ filters: 6, kernelSize: 3, activation: 'elu' }),
        tfl.layers.flatten(),
        tfl.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
    -0.5,
  );
}

function recurrent(): tfl.LayersModel {
  return weighted(
    tfl.sequential({
      layers: [
        tfl.layers.lstm({ units: 7, returnSequences: true, inputShape: [6, 4] }),
        tfl.layers.lstm({ units: 5 }),
        tfl.layers.dense({ units: 2, activation: 'sigmoid' }),
      ],
    }),
  );
}

function twoInputs(): tfl.LayersModel {
  const a = tfl.input({ shape: [5], name: 'a' });
  const b = tfl.input({ shape: [3], name: 'b' });
  const shared = tfl.layers.dense({ units: 5, activation: 'relu', name: 'shared' });
  const left = shared.apply(shared.apply(a)) as tfl.SymbolicTensor;
  const right = tfl.layers.dense({ units: 5, activation: 'tanh', name: 'right' }).apply(b) as tfl.SymbolicTensor;
  const sum = tfl.layers.add().apply([left, right]) as tfl.SymbolicTensor;
  const [one, two] = ['one', 'two'].map((name) => tfl.layers.dense({ units: 2, name }).apply(sum));
  return weighted(tfl.model({ inputs: [a, b], outputs: [one, two] as tfl.SymbolicTensor[] }), -1);
}

const request = (folder: FilesInMemory, rest: Partial<DiagnoseRequest> = {}): DiagnoseRequest => ({
  model: { folder, file: 'model.json' },
  data: [],
  labels: null,
  samples: null,
  seed: 3,
  ...rest,
});

/** Diagnoses of networks of every kind, on data and on noise, with labels and without. */
export const REQUESTS: Readonly<Record<string, () => Promise<DiagnoseRequest>>> = {
  'dead ReLU layers on noise, as much as it takes': async () => request(await filesOf(dying())),
  'dead ReLU layers on data with labels': async () => {
    const folder = await filesOf(dying(), { x: [700, 12], y: [700, 4] });
    return request(folder, { data: [{ input: null, folder, file: 'x.npy' }], labels: { folder, file: 'y.npy' } });
  },
  'a stack of sigmoids': async () => request(await filesOf(sigmoids(8, 16)), { samples: 600 }),
  convolutions: async () => request(await filesOf(convolutional()), { samples: 1100 }),
  'LSTMs on data': async () => {
    const folder = await filesOf(recurrent(), { x: [800, 6, 4] });
    return request(folder, { data: [{ input: null, folder, file: 'x.npy' }], samples: 700 });
  },
  'a network with two inputs and outputs': async () => request(await filesOf(twoInputs()), { samples: 1500 }),
};
