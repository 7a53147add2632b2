/** Keras 3 files (.keras): a zip archive of config.json, metadata.json and model.weights.h5. */

import { DiagnosisError } from '../../report/errors';
import { type Bytes, memoryBytes } from '../probe/bytes';
import { openMember, type ZipMember, zipMembers } from '../probe/zip';
import { type Group, type Hdf5File, withHdf5 } from './hdf5';
import { get, parseJson, text } from './json';
import { decodeText } from './modelFile';
import { CONVERTED_TOPOLOGY, type SavedModel } from './savedModel';
import type { SavedWeight } from './savedWeight';
import { layerDefinition, type LayerDefinition, MAXIMUM_NESTING, modelDefinition } from './topology';

/** Throws `not-a-model` for other archives. */
export async function readKerasZip(bytes: Uint8Array, file: string): Promise<SavedModel> {
  const archive = new Archive(memoryBytes(file, bytes), file);
  const topology = parseJson(decodeText(await archive.member('config.json'), file), `${file}, config.json`);
  const metadata = parseJson(decodeText(await archive.member('metadata.json'), file), `${file}, metadata.json`);
  const kerasVersion = text(get(metadata, 'keras_version'));
  const definition = layerDefinition(topology, []);
  const saved = await withHdf5(await archive.member('model.weights.h5'), `${file}, model.weights.h5`, (hdf5) => ({
    weights: readLayer(hdf5, hdf5.root, definition, [], 0),
    training: withLearningRate(get(topology, 'compile_config'), hdf5),
  }));
  return {
    file,
    format: 'keras-v3',
    generatedBy: kerasVersion === null ? null : `Keras ${kerasVersion}`,
    convertedBy: null,
    kerasVersion,
    topology,
    topologyPath: CONVERTED_TOPOLOGY,
    ...saved,
    notes: [],
  };
}

class Archive {
  private members: Promise<ZipMember[]> | null = null;

  constructor(
    private readonly bytes: Bytes,
    private readonly file: string,
  ) {}

  async member(name: string): Promise<Uint8Array> {
    try {
      this.members ??= zipMembers(this.bytes);
      const found = (await this.members).find((member) => member.name === name);
      if (found === undefined) throw this.invalid(`it holds no ${name}`);
      const content = await openMember(this.bytes, found);
      return await content.read(0, await content.size());
    } catch (error) {
      if (error instanceof DiagnosisError && error.code !== 'invalid-data') throw error;
      throw this.invalid((error as Error).message, error);
    }
  }

  private invalid(why: string, cause?: unknown): DiagnosisError {
    return new DiagnosisError(
      'not-a-model',
      `"${this.file}" is a zip archive, but not a whole Keras model: ${why.replace(/\.$/, '')}.`,
      this.file,
      'Save the model again with model.save("model.keras").',
      { cause },
    );
  }
}

/** An optimiser that was given by name is saved without its learning rate; its second variable is the rate. */
function withLearningRate(compiled: unknown, hdf5: Hdf5File): unknown {
  const name = text(get(compiled, 'optimizer'));
  const variables = hdf5.group(hdf5.root, 'optimizer/vars');
  if (name === null || variables === null || !variables.keys().includes('1')) return compiled;
  const { values, shape } = hdf5.weight(variables, '1', 'optimizer/learning_rate');
  const config = shape.length === 0 && values instanceof Float32Array ? { learning_rate: values[0] } : {};
  return { loss: get(compiled, 'loss'), optimizer: { class_name: name, config } };
}

/** Where versions of Keras keep the layers of a model. */
const CONTAINERS = ['layers', '_layer_checkpoint_dependencies', '_layers', '_operations'];

/**
 * The weights of a layer, or of a model's layers, in the order of the topology. They have numbers for names; `owner`
 * says which layer they belong to.
 */
export function readLayer(
  hdf5: Hdf5File,
  group: Group,
  definition: LayerDefinition,
  outer: readonly string[],
  depth: number,
): SavedWeight[] {
  if (depth > MAXIMUM_NESTING) return [];
  const model = modelDefinition(definition);
  if (model === null) return readVariables(hdf5, group, outer, 0);
  const container = CONTAINERS.map((name) => hdf5.group(group, name)).find((found) => found !== null);
  if (container === undefined) return [];
  const used = new Map<string, number>();
  return model.layers.flatMap((layer) => {
    const base = snakeCase(layer.className);
    const count = used.get(base) ?? 0;
    used.set(base, count + 1);
    const own = hdf5.group(container, count === 0 ? base : `${base}_${count}`) ?? hdf5.group(container, layer.name);
    return own === null ? [] : readLayer(hdf5, own, layer, [...outer, layer.name], depth + 1);
  });
}

/** As Keras names a layer's group after its class. */
const snakeCase = (className: string): string =>
  className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** Parts of a layer in the order in which the layer keeps their weights; others follow by name. */
const PARTS = [
  'forward_layer',
  'backward_layer',
  'cell',
  'layer',
  'query_dense',
  'key_dense',
  'value_dense',
  'output_dense',
];

function readVariables(hdf5: Hdf5File, group: Group, owner: readonly string[], depth: number): SavedWeight[] {
  if (depth > MAXIMUM_NESTING) return [];
  const variables = hdf5.group(group, 'vars');
  const numbers = (variables?.keys() ?? []).filter((key) => /^\d+$/.test(key)).sort((a, b) => Number(a) - Number(b));
  const own = numbers.map(
    (number): SavedWeight => ({ ...hdf5.weight(variables!, number, [...owner, number].join('/')), owner }),
  );
  const rank = (key: string): number => (PARTS.includes(key) ? PARTS.indexOf(key) : PARTS.length);
  const parts = group
    .keys()
    .filter((key) => key !== 'vars' && !/seed_generator|random_generator/.test(key))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return own.concat(
    parts.flatMap((part) => {
      const inner = hdf5.group(group, part);
      return inner === null ? [] : readVariables(hdf5, inner, owner, depth + 1);
    }),
  );
}
