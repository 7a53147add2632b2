/** What every Keras-like format comes down to, and the LayersModel that it is. */

import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { JsonPath, ModelFormat, TensorSpec } from '../../report/report';
import type { LoadedLayersModel } from './layersNetwork';
import { buildModel, disposeModel } from './modelBuilder';
import { type SavedWeight, sizeOf } from './savedWeight';
import { trainingConfig } from './trainingConfig';
import { unknownLayer } from './layerFactory';
import { OpaqueLayer } from './layers/opaqueLayer';
import { assignWeights } from './weightAssignment';

export interface SavedModel {
  readonly file: string;
  readonly format: ModelFormat;
  readonly generatedBy: string | null;
  readonly convertedBy: string | null;
  /** Of the Keras that made the topology, null when not saved. */
  readonly kerasVersion: string | null;
  /** The serialised model, `{class_name, config}`. */
  readonly topology: unknown;
  /** Where `topology` stands in the file; `CONVERTED_TOPOLOGY` for files that are not JSON, null for JSON as text within JSON. */
  readonly topologyPath: JsonPath | null;
  readonly weights: readonly SavedWeight[];
  readonly training: unknown;
  readonly notes: string[];
}

/**
 * Where the converter to TensorFlow.js puts a Keras topology in the `model.json` that it writes. Layers of files that
 * are not JSON are named by their place there, so that a network has one report, whichever file it comes from.
 */
export const CONVERTED_TOPOLOGY: JsonPath = ['modelTopology', 'model_config'];

/**
 * Builds the network and fills in its weights. Throws what `buildModel` and `assignWeights` throw, and `unknown-layer` where weights
 * do not fit beside a layer of unknown class.
 */
export function layersModelOf(saved: SavedModel): LoadedLayersModel {
  const { file, format, generatedBy, convertedBy, kerasVersion, topology, topologyPath, notes } = saved;
  const savedValues = saved.weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const { model, paths } = buildModel(topology, topologyPath ?? [], {
    kerasVersion3: /^[3-9]\./.test(kerasVersion ?? ''),
    savedValues,
    notes,
  });
  try {
    assignWeights(model, saved.weights, notes);
  } catch (error) {
    disposeModel(model);
    const unknown = [...paths.keys()].find((layer) => layer instanceof OpaqueLayer && layer.unknownClass !== null);
    if (!(unknown instanceof OpaqueLayer)) throw error;
    throw unknownLayer(unknown.name, unknown.unknownClass!, paths.get(unknown)!, error);
  }
  const outputs = model.outputs.map((symbolic, i) => spec(symbolic, model.outputNames[i]));
  return {
    model,
    summary: {
      file: { path: file, format, generatedBy, convertedBy, notes },
      name: model.name,
      className: model.getClassName(),
      parameters: model.weights.reduce((sum, { shape }) => sum + sizeOf(shape.map(Number)), 0),
      inputs: model.inputs.map((symbolic, i) => spec(symbolic, model.inputNames[i])),
      outputs,
      training: trainingConfig(
        saved.training,
        outputs.map(({ name }) => name),
      ),
    },
    jsonPath: (layer) => (topologyPath === null ? null : (paths.get(layer) ?? null)),
  };
}

function spec(symbolic: SymbolicTensor, name: string): TensorSpec {
  return { name: symbolic.sourceLayer?.name ?? name, shape: symbolic.shape, dtype: symbolic.dtype };
}
