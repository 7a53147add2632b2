import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import type { Folder } from '../../../src/analysis/model/folder';
import { loadNetwork } from '../../../src/analysis/model/load';
import { WASM_FOLDER } from '../backend/support';
import { dense, sequential, tfjsFolder, weightsOf } from './savedFiles';

const network = tfjsFolder(
  { model_config: sequential([dense('a', 2, { batch_input_shape: [null, 2] })]) },
  weightsOf({ 'a/kernel': [2, 2], 'a/bias': [2] }),
);

describe('loadNetwork', () => {
  beforeAll(() => startBackend(WASM_FOLDER));

  it('reads the weights before the backend has started', async () => {
    let started = (): void => undefined;
    const backend = new Promise<void>((resolve) => (started = resolve));
    const folder: Folder = {
      path: network.path,
      list: (name) => network.list(name),
      read: async (file, ...range) => {
        if (file !== 'model.json') started();
        return network.read(file, ...range);
      },
    };
    const loaded = await loadNetwork(folder, 'model.json', { backend });
    expect(loaded.calls.map(({ name }) => name)).toContain('a');
    loaded.dispose();
  });

  it('rejects when the backend cannot be started', async () => {
    const backend = Promise.reject(new Error('no WebAssembly'));
    await expect(loadNetwork(network, 'model.json', { backend })).rejects.toThrow('no WebAssembly');
  });
});
