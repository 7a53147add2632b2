import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { buildNetwork, type SavedNetwork } from './buildNetwork';
import { ResultCache } from './benchmarkCache';
import { checkLabels, type CheckedLabels } from './evidence';
import type { NetworkSpec } from './networkSpec';
import { PEERS } from './peers/peers';
import { collectQuantities } from './quantities';
import type { Verdict } from './scores';

const SOURCES = 'test/benchmark/diagnosis';
const BUILDERS = ['networkSpec.ts', 'tasks.ts', 'plainBackend.ts', 'buildNetwork.ts'];
const CHECKERS = ['evidence.ts'];
const COLLECTORS = ['quantities.ts'];

/** The networks of the benchmark with their checked labels and the peers' verdicts, built once and then kept. */
export class BuiltNetworks {
  private constructor(
    private readonly networks: ResultCache,
    private readonly labels: ResultCache,
    private readonly verdicts: ResultCache,
    private readonly wasmFolder: string,
  ) {}

  /** @param root the project's root folder */
  static async open(root: string, wasmFolder: string): Promise<BuiltNetworks> {
    const paths = (names: readonly string[]): string[] => names.map((name) => path.join(root, SOURCES, name));
    const peers = (await readdir(path.join(root, SOURCES, 'peers'))).sort().map((name) => `peers/${name}`);
    const cache = (name: string, sources: readonly string[]): Promise<ResultCache> =>
      ResultCache.open(path.join(root, '.cache/benchmark', name), paths(sources));
    return new BuiltNetworks(
      await cache('networks', BUILDERS),
      await cache('labels', [...BUILDERS, ...CHECKERS]),
      await cache('peers', [...BUILDERS, ...COLLECTORS, ...peers]),
      wasmFolder,
    );
  }

  async saved(spec: NetworkSpec): Promise<SavedNetwork> {
    // What the network is expected to be has no part in how it is made.
    const { id, seed, data, layers, training, edits } = spec;
    const made = { id, seed, data, layers, training, edits };
    const { json, weights } = await this.networks.get(made, async () => {
      const saved = await buildNetwork(spec, this.wasmFolder);
      return { json: saved.json, weights: Buffer.from(saved.weights).toString('base64') };
    });
    return { json, weights: new Uint8Array(Buffer.from(weights, 'base64')) };
  }

  checkedLabels(spec: NetworkSpec): Promise<CheckedLabels> {
    return this.labels.get(spec, async () => checkLabels(spec, await this.saved(spec), this.wasmFolder));
  }

  /** By the peer's name. */
  peerVerdicts(spec: NetworkSpec): Promise<Record<string, Verdict>> {
    return this.verdicts.get(spec, async () => {
      const quantities = await collectQuantities(spec, await this.saved(spec), this.wasmFolder);
      const verdict = (checks: (typeof PEERS)[number]['checks']): Verdict => ({
        rules: checks.filter((check) => check.fires(quantities)).map(({ rule }) => rule),
      });
      return Object.fromEntries(PEERS.map(({ name, checks }) => [name, verdict(checks)]));
    });
  }
}
