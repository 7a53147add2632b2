/** Keras HDF5 files (.h5, .hdf5) of Keras 1 to 3: the topology in an attribute, the weights in a group for each layer. */

import { DiagnosisError } from '../../report/errors';
import { type Group, type Hdf5File, withHdf5 } from './hdf5';
import { get, parseJson, text } from './json';
import { CONVERTED_TOPOLOGY, type SavedModel } from './savedModel';
import { type LayerWeights, modernWeights } from './keras1Weights';
import type { SavedWeight } from './savedWeight';

/** Throws `not-a-model` for files without a topology. */
export async function readKerasHdf5(bytes: Uint8Array, file: string): Promise<SavedModel> {
  const notes: string[] = [];
  const saved = await withHdf5(bytes, file, (hdf5) => {
    const { root } = hdf5;
    const config = hdf5.attribute(root, 'model_config');
    if (config === null) throw withoutTopology(hdf5, file);
    const topology = parseJson(config, file);
    return {
      topology,
      training: parseJson(hdf5.attribute(root, 'training_config') ?? 'null', file),
      kerasVersion: hdf5.attribute(root, 'keras_version'),
      weights: readWeights(hdf5, hdf5.group(root, 'model_weights') ?? root, topology, notes),
    };
  });
  const kerasVersion = saved.kerasVersion ?? text(get(saved.topology, 'keras_version'));
  return {
    ...saved,
    kerasVersion,
    file,
    format: 'keras-hdf5',
    generatedBy: kerasVersion === null ? null : `Keras ${kerasVersion}`,
    convertedBy: null,
    topologyPath: CONVERTED_TOPOLOGY,
    notes,
  };
}

/**
 * The weights of a group that lists its layers, as Keras 1, Keras 2 and whole models of Keras 3 keep them, for the
 * network of `topology`. What is doubtful of them is noted.
 */
export function readWeights(hdf5: Hdf5File, group: Group, topology: unknown, notes: string[]): SavedWeight[] {
  const groups = (hdf5.list(group, 'layer_names') ?? []).map((layer): LayerWeights => {
    const own = hdf5.group(group, layer);
    const names = own === null ? [] : (hdf5.list(own, 'weight_names') ?? []);
    return { layer, weights: names.map((name) => hdf5.weight(own!, name, fullName(layer, name))) };
  });
  const attribute = (name: string): string | null => hdf5.attribute(group, name) ?? hdf5.attribute(hdf5.root, name);
  const keras1 = attribute('keras_version')?.startsWith('1.') ?? !groups.some(isKeras2);
  return modernWeights(groups, topology, { keras1, backend: attribute('backend') }, notes);
}

function fullName(layer: string, name: string): string {
  const plain = name.replace(/:\d+$/, '');
  // Keras 1 and 3 leave the layer out of the name.
  return plain.startsWith(`${layer}/`) ? plain : `${layer}/${plain}`;
}

/** By the names, for files that do not tell their version: `dense_1/kernel`, and not `dense_1_W`. */
const isKeras2 = ({ weights }: LayerWeights): boolean =>
  weights.some(({ name }) => /\/(?:kernel|bias|gamma|beta|embeddings)$/.test(name));

function withoutTopology(hdf5: Hdf5File, file: string): DiagnosisError {
  const { root } = hdf5;
  const weights =
    hdf5.list(root, 'layer_names') !== null ||
    hdf5.group(root, 'layers') !== null ||
    hdf5.group(root, '_layer_checkpoint_dependencies') !== null;
  return new DiagnosisError(
    'not-a-model',
    weights
      ? `"${file}" holds only weights: the description of the layers (model_config) is missing.`
      : `"${file}" is an HDF5 file, but not a Keras model: it has no model_config.`,
    file,
    weights
      ? 'Save the whole model with model.save("model.keras"), or put the architecture (model.to_json()) beside it and choose that.'
      : 'Choose a file that was saved with model.save(…) in Keras.',
  );
}
