/** Times one network: ours, PyTorch and stock tfjs in turns, so that a busy machine slows them alike. */

import path from 'node:path';
import type { TimedNetwork } from './networks';
import { runCommandLine, runTorch, Server, type Places, type WholeRun } from './processes';

/** Milliseconds of every turn. */
export type Turns = readonly number[];

export interface NetworkTimes {
  readonly network: TimedNetwork;
  /** Bare forward and backward pass; one batch with all statistics; that and everything up to the layers' reports. */
  readonly own: { readonly bare: Turns; readonly probe: Turns; readonly measure: Turns };
  /** Null without PyTorch. */
  readonly torch: { readonly bare: Turns; readonly probe: Turns } | null;
  /** Bare passes of stock tfjs; null where it cannot run or was not run. */
  readonly stock: { readonly cpu: Turns | null; readonly wasm: Turns | null };
  readonly whole: { readonly own: readonly WholeRun[]; readonly torch: readonly WholeRun[] };
  /** Whole process with `--workers 2`; null where the command line does not know the option. */
  readonly twoWorkers: readonly WholeRun[] | null;
}

/** Milliseconds that the turns of one network may take, warm-up and stock cpu aside. */
const BUDGET = 8000;
const FEWEST_TURNS = 2;
const MOST_TURNS = 25;
/** The cpu backend takes seconds a turn where the others take milliseconds. */
const SLOW_TURNS = 2;
const WHOLE_RUNS = 3;

export async function timeNetwork(
  network: TimedNetwork,
  places: Places,
  python: string | null,
  { quick }: { readonly quick: boolean },
): Promise<NetworkTimes> {
  const folder = path.join(places.models, network.id);
  const dist = path.join(places.root, 'dist');
  const script = (name: string): string => path.join(places.bundles, `${name}.cjs`);
  const own = await Server.start(process.execPath, [script('ownServer'), dist, folder, String(network.batch)]);
  const torch =
    python === null
      ? null
      : await Server.start(python, [path.join(places.root, 'test/benchmark/torch_probe.py'), folder, 'serve']);
  // Its cpu backend would take many minutes for the large network.
  const startStock = (backend: string): Promise<Server | null> =>
    Server.start(process.execPath, [script('stockServer'), dist, folder, backend]).catch(() => null);
  const cpu = quick || network.id === 'mobilenet-v2' ? null : await startStock('cpu');
  const wasm = quick ? null : await startStock('wasm');
  try {
    const lanes = [
      new Lane(own, 'bare'),
      new Lane(own, 'probe'),
      new Lane(own, 'measure'),
      new Lane(torch, 'bare'),
      new Lane(torch, 'probe'),
      new Lane(wasm, 'step'),
    ];
    const slow = new Lane(cpu, 'step', SLOW_TURNS);
    await takeTurns(lanes, slow, quick ? BUDGET / 5 : BUDGET);
    const [bare, probe, measure, torchBare, torchProbe, stockWasm] = lanes.map(({ turns }) => turns);
    for (const server of [own, torch, cpu, wasm]) server?.stop();
    return {
      network,
      own: { bare: bare!, probe: probe!, measure: measure! },
      torch: torchBare === null || torchProbe === null ? null : { bare: torchBare, probe: torchProbe },
      stock: { cpu: slow.turns, wasm: stockWasm },
      ...(await wholeRuns(network, places, python, quick ? 2 : WHOLE_RUNS)),
    };
  } finally {
    for (const server of [own, torch, cpu, wasm]) server?.stop();
  }
}

/** One task of one process. */
class Lane {
  private readonly taken: number[] = [];
  private failed: boolean;

  constructor(
    private readonly server: Server | null,
    private readonly task: string,
    private readonly most = MOST_TURNS,
  ) {
    this.failed = server === null;
  }

  /** Null when it cannot be run. */
  get turns(): Turns | null {
    return this.failed ? null : this.taken;
  }

  /** @returns the milliseconds; 0 when there is nothing to do. */
  async turn(counts: boolean): Promise<number> {
    if (this.failed || this.taken.length >= this.most) return 0;
    const milliseconds = await this.server!.milliseconds(this.task);
    if (milliseconds === null) this.failed = true;
    else if (counts) this.taken.push(milliseconds);
    return milliseconds ?? 0;
  }
}

async function takeTurns(lanes: readonly Lane[], slow: Lane, budget: number): Promise<void> {
  let spent = 0;
  // Compilers and allocators have settled after two turns, or after one of seconds.
  for (let warm = 0; warm < 2 && spent < budget; warm++) for (const lane of lanes) spent += await lane.turn(false);
  spent = 0;
  for (let turn = 0; turn < MOST_TURNS && (turn < FEWEST_TURNS || spent < budget); turn++) {
    for (const lane of lanes) spent += await lane.turn(true);
    await slow.turn(true);
  }
}

async function wholeRuns(
  network: TimedNetwork,
  places: Places,
  python: string | null,
  count: number,
): Promise<Pick<NetworkTimes, 'whole' | 'twoWorkers'>> {
  const folder = path.join(places.models, network.id);
  const args = [
    path.join(folder, 'model.json'),
    '--data',
    path.join(folder, 'probe.npy'),
    '--samples',
    `${network.batch}`,
  ];
  const own: WholeRun[] = [];
  const torch: WholeRun[] = [];
  let twoWorkers: WholeRun[] | null = [];
  // The first fills the caches of the disk.
  for (let run = -1; run < count; run++) {
    const ownRun = await runCommandLine(places, [...args, '--workers', '1']);
    const torchRun = python === null ? null : await runTorch(places, python, folder);
    const workersRun: WholeRun | null =
      twoWorkers === null ? null : await runCommandLine(places, [...args, '--workers', '2']).catch(() => null);
    if (workersRun === null) twoWorkers = null;
    if (run < 0) continue;
    own.push(ownRun);
    if (torchRun !== null) torch.push(torchRun);
    if (workersRun !== null) twoWorkers?.push(workersRun);
  }
  return { whole: { own, torch }, twoWorkers };
}
