/** From a model file of any supported format to a `Network`. */

import type { Folder } from './folder';
import { loadGraphModel } from './graphModel';
import { GraphNetwork } from './graphNetwork';
import { get, isRecord, parseJson } from './json';
import { readKerasHdf5 } from './kerasHdf5';
import { readKerasZip } from './kerasZip';
import { readLayersModel } from './layersModel';
import { LayersNetwork } from './layersNetwork';
import { decodeText, readModelFile } from './modelFile';
import type { Network } from './network';
import { withLoss, type LossChoice } from './trainingConfig';
import { layersModelOf, type SavedModel } from './savedModel';

type Detected =
  | { readonly format: 'tfjs-layers' | 'tfjs-graph'; readonly json: unknown }
  | { readonly format: 'keras-hdf5' | 'keras-v3'; readonly bytes: Uint8Array };

export interface LoadOptions {
  /** Settles when tfjs's backend has been started; without it, it has been. */
  readonly backend?: Promise<void>;
  /** In place of the saved loss; null keeps that. */
  readonly loss?: LossChoice | null;
}

/**
 * Loads a network. Files are read and checked while tfjs's backend starts; only what is built from them waits for
 * `backend`. Throws a `DiagnosisError` for everything that a person can mend: a missing, empty or broken file, an
 * unknown format or layer, weights that do not fit; and what `backend` rejects with.
 */
export async function loadNetwork(
  folder: Folder,
  file: string,
  { backend = Promise.resolve(), loss = null }: LoadOptions = {},
): Promise<Network> {
  const [build] = await Promise.all([readNetwork(folder, file, loss), backend]);
  return build();
}

/** Reads all that the network is made of; the function that is returned makes it, on a backend that has been started. */
async function readNetwork(
  folder: Folder,
  file: string,
  loss: LossChoice | null,
): Promise<() => Network | Promise<Network>> {
  const detected = detectFormat(await readModelFile(folder, file), file);
  if (detected.format === 'tfjs-graph') {
    const graph = await loadGraphModel(folder, file, detected.json);
    return () => GraphNetwork.load(withLoss(graph, loss));
  }
  const saved = await readSaved(folder, file, detected);
  return () => new LayersNetwork(withLoss(layersModelOf(saved), loss));
}

function readSaved(folder: Folder, file: string, detected: Detected): Promise<SavedModel> {
  switch (detected.format) {
    case 'keras-hdf5':
      return readKerasHdf5(detected.bytes, file);
    case 'keras-v3':
      return readKerasZip(detected.bytes, file);
    default:
      return readLayersModel(folder, file, detected.json);
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
