/**
 * tfjs LayersModel files: model.json with weight shards beside it, as tfjs itself or its converter writes them. The
 * architecture that Keras saves alone has the same form.
 */

import { DiagnosisError } from '../../report/errors';
import { weightsBeside } from './architecture';
import type { Folder } from './folder';
import { get, isRecord, parseJson, text } from './json';
import type { SavedModel } from './savedModel';
import { readManifestWeights } from './weightsManifest';

/** Reads what belongs to an already parsed model.json. Throws a `DiagnosisError` for files that are missing or do not fit. */
export async function readLayersModel(folder: Folder, file: string, json: unknown): Promise<SavedModel> {
  const topology = findTopology(json, file);
  const notes: string[] = [];
  const manifest = get(json, 'weightsManifest');
  const weights =
    manifest === undefined
      ? await weightsBeside(folder, file, topology.topology, notes)
      : await readManifestWeights(folder, file, manifest, notes);
  return {
    ...topology,
    file,
    format: 'tfjs-layers',
    generatedBy: text(get(json, 'generatedBy')) ?? topology.kerasVersion?.replace(/^(?=\d)/, 'Keras ') ?? null,
    convertedBy: text(get(json, 'convertedBy')),
    training:
      get(json, 'trainingConfig') ?? topology.training ?? get(get(json, 'userDefinedMetadata'), 'trainingConfig'),
    weights,
    notes,
  };
}

type Topology = Pick<SavedModel, 'topology' | 'topologyPath' | 'kerasVersion' | 'training'>;

/** The serialised model inside `modelTopology`, or beside it: converters have put it at different depths, and as text. */
function findTopology(json: unknown, file: string): Topology {
  const outer = get(json, 'modelTopology');
  const candidates: readonly (readonly string[])[] = [
    ['modelTopology', 'model_config'],
    ['modelTopology'],
    ['model_config'],
    [],
  ];
  for (const path of candidates) {
    const found = path.reduce((value, key) => get(value, key), json);
    const parsed = typeof found === 'string' ? parseJson(found, file) : found;
    if (isRecord(parsed) && 'class_name' in parsed && 'config' in parsed) {
      return {
        topology: parsed,
        topologyPath: typeof found === 'string' ? null : path,
        kerasVersion:
          text(get(outer, 'keras_version')) ?? text(get(json, 'keras_version')) ?? text(get(parsed, 'keras_version')),
        training: get(outer, 'training_config') ?? get(json, 'training_config'),
      };
    }
  }
  if (['Sequential', 'Graph'].includes(text(get(json, 'name')) ?? '')) throw ofKeras0(file);
  throw new DiagnosisError(
    'not-a-model',
    `"${file}" is JSON, but not a model that TensorFlow.js or Keras saves: it has no modelTopology.`,
    file,
    'Choose the model.json that lies beside the weight files.',
  );
}

const ofKeras0 = (file: string): DiagnosisError =>
  new DiagnosisError(
    'unsupported-format',
    `"${file}" is an architecture as Keras 0 saved it (2015), with layers that are known by their class only.`,
    file,
    'Load the model with Keras 1 and save it again.',
  );
