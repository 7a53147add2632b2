/**
 * Keras models in two files: the architecture as JSON (`model.to_json()`) and the weights as HDF5 beside it
 * (`model.save_weights(…)`).
 */

import { DiagnosisError } from '../../report/errors';
import type { Folder } from './folder';
import { withHdf5 } from './hdf5';
import { readWeights } from './kerasHdf5';
import { readLayer } from './kerasZip';
import { readModelFile } from './modelFile';
import type { SavedWeight } from './savedWeight';
import { layerDefinition } from './topology';

const HDF5 = /(?:\.weights)?\.(?:h5|hdf5)$/i;

/**
 * The weights in the HDF5 file that belongs to the architecture in `file`: the only one beside it, or of several the one
 * whose name begins like the architecture's. Throws `not-a-model` where there is none, or it holds no weights of Keras.
 */
export async function weightsBeside(
  folder: Folder,
  file: string,
  topology: unknown,
  notes: string[],
): Promise<SavedWeight[]> {
  const stem = file.replace(/\.json$/i, '');
  const all = (await folder.list())
    .filter(({ kind, name }) => kind === 'file' && HDF5.test(name))
    .map(({ name }) => name);
  const same = all.filter((name) => name.replace(HDF5, '') === stem);
  const alike = all.filter((name) => name.startsWith(stem));
  const [found] = [same, alike, all].find((names) => names.length === 1) ?? [];
  if (found === undefined) throw withoutWeights(file, all);
  const bytes = await readModelFile(folder, found);
  const weights = await withHdf5(bytes, found, (hdf5) => {
    const root = hdf5.group(hdf5.root, 'model_weights') ?? hdf5.root;
    const named = hdf5.list(root, 'layer_names') === null ? [] : readWeights(hdf5, root, topology, notes);
    return named.length > 0 ? named : readLayer(hdf5, root, layerDefinition(topology, []), [], 0);
  });
  if (weights.length === 0) throw withoutWeights(file, all);
  notes.push(`The weights come from "${found}", which lies beside the architecture.`);
  return weights;
}

function withoutWeights(file: string, others: readonly string[]): DiagnosisError {
  const which =
    others.length === 0
      ? ''
      : ` Beside it lie ${others
          .slice(0, 3)
          .map((name) => `"${name}"`)
          .join(', ')}: none is certain to belong to it.`;
  return new DiagnosisError(
    'not-a-model',
    `"${file}" holds a topology but no weightsManifest, so the network has no weights.${which}`,
    file,
    'Save the whole model, or put the weights that Keras saved (.h5) beside it under the same name.',
  );
}
