/** From a model file of any supported format to a `Network`. */

import type { Folder } from './folder';
import { loadGraphModel } from './graphModel';
import { GraphNetwork } from './graphNetwork';
import { get, isRecord, parseJson } from './json';
import { loadKerasHdf5 } from './kerasHdf5';
import { loadKerasZip } from './kerasZip';
import { loadLayersModel } from './layersModel';
import { LayersNetwork } from './layersNetwork';
import { decodeText, readModelFile } from './modelFile';
import type { Network } from './network';
import { withLoss, type LossChoice } from './trainingConfig';

type Detected =
  | { readonly format: 'tfjs-layers' | 'tfjs-graph'; readonly json: unknown }
  | { readonly format: 'keras-hdf5' | 'keras-v3'; readonly bytes: Uint8Array };

/**
 * Loads a network. The backend of tfjs must have been started. Throws a `DiagnosisError` for everything that a person
 * can mend: a missing, empty or broken file, an unknown format or layer, weights that do not fit.
 *
 * @param loss in place of the saved one
 */
export async function loadNetwork(folder: Folder, file: string, loss: LossChoice | null = null): Promise<Network> {
  const detected = detectFormat(await readModelFile(folder, file), file);
  switch (detected.format) {
    case 'tfjs-layers':
      return new LayersNetwork(withLoss(await loadLayersModel(folder, file, detected.json), loss));
    case 'keras-hdf5':
      return new LayersNetwork(withLoss(await loadKerasHdf5(detected.bytes, file), loss));
    case 'keras-v3':
      return new LayersNetwork(withLoss(await loadKerasZip(detected.bytes, file), loss));
    case 'tfjs-graph':
      return GraphNetwork.load(withLoss(await loadGraphModel(folder, file, detected.json), loss));
  }
}

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const ZIP = [0x50, 0x4b, 0x03, 0x04];

/** By content, not by name. Throws `invalid-json` for what is neither binary format nor JSON. */
export function detectFormat(bytes: Uint8Array, file: string): Detected {
  const starts = (magic: readonly number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
  if (starts(HDF5)) return { format: 'keras-hdf5', bytes };
  if (starts(ZIP)) return { format: 'keras-v3', bytes };
  const json = parseJson(decodeText(bytes, file), file);
  const topology = get(json, 'modelTopology');
  const graph = get(json, 'format') === 'graph-model' || (isRecord(topology) && 'node' in topology);
  return { format: graph ? 'tfjs-graph' : 'tfjs-layers', json };
}
