import type * as tfl from '@tensorflow/tfjs-layers';
import type { ModelSummary } from '../../../src/report/report';
import { startBackend } from '../../../src/analysis/backend/backend';
import { LayersNetwork } from '../../../src/analysis/model/layersNetwork';

export const WASM_FOLDER = new URL('../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url)
  .pathname;

export const startTestBackend = (): Promise<void> => startBackend(WASM_FOLDER);

/** A model built in a test as a network; its summary says no more than the tests need. */
export function networkOf(model: tfl.LayersModel, training: ModelSummary['training'] = null): LayersNetwork {
  return new LayersNetwork({
    model,
    jsonPath: () => null,
    summary: {
      file: { path: 'test', format: 'tfjs-layers', generatedBy: null, convertedBy: null, notes: [] },
      name: model.name,
      className: model.getClassName(),
      parameters: model.countParams(),
      inputs: [],
      outputs: [],
      training,
    },
  });
}
