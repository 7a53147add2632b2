import * as tf from '@tensorflow/tfjs-core';
import {
  initializers,
  input as symbolicInput,
  layers as tfLayers,
  loadLayersModel,
  model as functionalModel,
  sequential,
  type LayersModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {
  hash32,
  type ConfigValue,
  type LayerConfig,
  type LayerSpec,
  type NetworkSpec,
  type TrainingSpec,
} from './networkSpec';
import { trainingBackend, usePlainBackend } from './plainBackend';
import { drawSamples, TASKS, type Samples } from './tasks';

/** A saved model as its two files. */
export interface SavedNetwork {
  /** `model.json`. */
  readonly json: string;
  /** `weights.bin`, which it names. */
  readonly weights: Uint8Array;
}

/** The seeds of the data: training, measurement and diagnosis see different samples. */
export const SAMPLE_SEEDS = { training: 11, measurement: 22, diagnosis: 33 } as const;

/** Builds, trains and edits the network. The same specification gives the same topology and weights. */
export async function buildNetwork(spec: NetworkSpec, wasmFolder: string): Promise<SavedNetwork> {
  await usePlainBackend(trainingBackend(spec.layers), wasmFolder);
  const model = assemble(spec);
  try {
    compile(model, spec, spec.training.learningRate);
    const { epochs, samples } = spec.training;
    if (epochs > 0)
      await train(model, spec.training, epochs, drawSamples(spec.data, samples, SAMPLE_SEEDS.training), spec);
    edit(model, spec);
    return await save(model, spec.training.saved);
  } finally {
    model.dispose();
  }
}

/** The network with its initial weights, on the current backend. */
export function assemble(spec: NetworkSpec): LayersModel {
  const namer = new LayerNamer(spec);
  const { inputShape } = TASKS[spec.data.task];
  if (spec.layers.every((layer) => !('residual' in layer))) {
    const network = sequential({ name: spec.id });
    spec.layers.forEach((layer, index) => {
      network.add(namer.layer(layer, index === 0 ? { inputShape: [...inputShape] } : {}));
    });
    return network;
  }
  const start = symbolicInput({ shape: [...inputShape], name: 'input' });
  return functionalModel({ inputs: start, outputs: namer.apply(spec.layers, start), name: spec.id });
}

type Layer = ReturnType<typeof tfLayers.dense>;

/** Gives every layer its name, by type and place, and every initialiser a seed of its own. */
class LayerNamer {
  private readonly placed = new Map<string, number>();
  private initializersMade = 0;

  constructor(private readonly spec: NetworkSpec) {}

  apply(specs: readonly LayerSpec[], x: SymbolicTensor): SymbolicTensor {
    let at = x;
    for (const layer of specs) {
      at =
        'residual' in layer
          ? (tfLayers.add({ name: this.name('add') }).apply([at, this.apply(layer.residual, at)]) as SymbolicTensor)
          : (this.layer(layer, {}).apply(at) as SymbolicTensor);
    }
    return at;
  }

  layer(spec: LayerSpec, more: { inputShape?: number[] }): Layer {
    if ('residual' in spec) throw new Error('A residual block has no layer of its own.');
    const config = { ...DEFAULT_INITIALIZERS[spec.layer], ...spec.config };
    const given: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(config)) {
      given[key] = key.endsWith('Initializer') ? this.initializer(value) : value;
    }
    const make = tfLayers[spec.layer] as (args: object) => Layer;
    const seed = spec.layer === 'dropout' ? { seed: this.nextSeed() } : {};
    return make({ ...given, ...seed, ...more, name: this.name(spec.layer) });
  }

  private name(type: string): string {
    const place = (this.placed.get(type) ?? 0) + 1;
    this.placed.set(type, place);
    return `${type.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_${place}`;
  }

  private nextSeed(): number {
    return hash32(`${this.spec.seed} ${this.initializersMade++}`) % 2 ** 31;
  }

  private initializer(value: ConfigValue) {
    const { className, config } =
      typeof value === 'string'
        ? { className: value, config: {} }
        : (value as {
            className: string;
            config: LayerConfig;
          });
    const make = initializers[className as 'heUniform'];
    return make(UNSEEDED.has(className) ? config : { ...config, seed: this.nextSeed() });
  }
}

const UNSEEDED: ReadonlySet<string> = new Set(['zeros', 'ones', 'constant', 'identity']);

/** The random initialisers that tfjs takes when none is named: named here, so that they get a seed. */
const DEFAULT_INITIALIZERS: Readonly<Record<string, LayerConfig>> = {
  dense: { kernelInitializer: 'glorotNormal' },
  conv1d: { kernelInitializer: 'glorotNormal' },
  conv2d: { kernelInitializer: 'glorotNormal' },
  depthwiseConv2d: { depthwiseInitializer: 'glorotNormal' },
  embedding: { embeddingsInitializer: 'randomUniform' },
  simpleRNN: { kernelInitializer: 'glorotNormal', recurrentInitializer: 'orthogonal' },
  lstm: { kernelInitializer: 'glorotNormal', recurrentInitializer: 'orthogonal' },
  gru: { kernelInitializer: 'glorotNormal', recurrentInitializer: 'orthogonal' },
};

export function compile(model: LayersModel, { training, data }: NetworkSpec, learningRate: number): void {
  model.compile({ optimizer: tf.train[training.optimizer](learningRate), loss: TASKS[data.task].loss });
}

/** Runs the training; ends early when the loss is no longer finite, since nothing changes after that. */
export async function train(
  model: LayersModel,
  training: TrainingSpec,
  epochs: number,
  samples: Samples,
  spec: NetworkSpec,
): Promise<void> {
  const { x, y } = tensorsOf(spec, samples, 0, samples.count);
  await model.fit(x, y, {
    epochs,
    batchSize: training.batchSize,
    // The samples are drawn in random order; shuffling would use Math.random.
    shuffle: false,
    verbose: 0,
    yieldEvery: 'never',
    callbacks: {
      onEpochEnd(_epoch, logs) {
        if (!Number.isFinite(logs?.['loss'])) model.stopTraining = true;
      },
    },
  });
  tf.dispose([x, y]);
}

/** Rows `[start, end)` as tensors. */
export function tensorsOf(spec: NetworkSpec, samples: Samples, start: number, end: number) {
  const { inputShape, outputs } = TASKS[spec.data.task];
  const width = samples.inputs.length / samples.count;
  const count = Math.min(end, samples.count) - start;
  return {
    x: tf.tensor(samples.inputs.slice(start * width, (start + count) * width), [count, ...inputShape]),
    y: tf.tensor(samples.targets.slice(start * outputs, (start + count) * outputs), [count, outputs]),
  };
}

function edit(model: LayersModel, { edits }: NetworkSpec): void {
  for (const { layer, weight, edit: kind } of edits) {
    const variables = model.getLayer(layer).weights;
    const variable = variables.find(({ originalName }) => originalName.endsWith(`/${weight}`));
    if (variable === undefined) throw new Error(`${layer} has no ${weight}.`);
    const before = variable.read();
    const values = before.dataSync().slice();
    const columns = before.shape.at(-1)!;
    if (kind === 'nan') values[0] = NaN;
    else {
      // w_ij = c_i r_j / c_0, which keeps the first row and the first column.
      const [corner] = values;
      for (let i = columns; i < values.length; i++) {
        values[i] = (values[i - (i % columns)] * values[i % columns]) / corner;
      }
    }
    const edited = tf.tensor(values, before.shape);
    variable.write(edited);
    edited.dispose();
  }
}

async function save(model: LayersModel, includeOptimizer: boolean): Promise<SavedNetwork> {
  let saved: SavedNetwork | null = null;
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      const { modelTopology, format, generatedBy, convertedBy, trainingConfig, weightSpecs, weightData } = artifacts;
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      const json = { format, generatedBy, convertedBy, modelTopology, trainingConfig, weightsManifest };
      const bytes = tf.io.CompositeArrayBuffer.join(weightData);
      saved = { json: JSON.stringify(json), weights: new Uint8Array(bytes) };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
    { includeOptimizer },
  );
  return saved!;
}

/** The saved network, on the current backend. */
export function loadNetwork({ json, weights }: SavedNetwork): Promise<LayersModel> {
  const { modelTopology, trainingConfig, weightsManifest } = JSON.parse(json) as tf.io.ModelJSON;
  const handler = tf.io.fromMemory({
    modelTopology,
    ...(trainingConfig === undefined ? {} : { trainingConfig }),
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: weights.slice().buffer,
  });
  return loadLayersModel(handler);
}
