/** Experiments on copies of the network that tell causes apart: what would fresh weights, other activations or other rates do? */

import type { Progress } from '../../report/protocol';
import type { Copies, Experiments, LayerReport, LearningRateLadder } from '../../report/report';
import { JobScheduler } from '../threads/jobScheduler';
import { canBackPropagate, MAXIMUM_MEMORY, operationsPerSample, passBytes, samplesWithin } from '../measure/memory';
import type { Network } from '../model/network';
import type { Probe } from '../probe/probe';
import { agree, averaged, type CopyMeasurement, type Flow } from './copies';
import {
  canDraw,
  isSaturatingHidden,
  type CopyKind,
  type CopyTrial,
  type Trial,
  type TrialResults,
} from './laboratory';
import { highestSafeRate, isKnownOptimizer, ladderRates } from './learningRates';

export interface ExperimentOptions {
  readonly seed: number;
  /** Bytes that a pass may take; 2 GB where nothing is said. */
  readonly memory?: number;
  /** What the saved network has shown: one fresh copy that shows the same, where only the size of a signal is asked for, is enough. */
  readonly saved?: readonly Pick<LayerReport, 'name' | 'signal' | 'gradient'>[];
  /** Who shares the work; this thread alone where nobody is named. */
  readonly scheduler?: JobScheduler;
  onProgress(progress: Progress): void;
}

/** Samples and copies of each kind where silent units are counted, or steps of an optimiser taken. */
const SAMPLES = 128;
const COPIES = 4;
/**
 * The same where only the size of a signal is asked for: a variance over so many samples is off by a third (the root of
 * 2/15), an eighth of a decade, where one and a half decide. Of three copies one may have died without moving the median,
 * which lies between any two of them: the third is made only where the first two disagree, and the second fresh one only
 * where the first disagrees with the saved network.
 */
const FLOW_SAMPLES = 16;
const FLOW_COPIES = 3;
const FIRST_FLOW_COPIES = 2;
/** Multiplications and additions that all copies together, and all steps of a ladder, may cost: about a second each. */
const BUDGET_OPERATIONS = 4e9;
/** A backward pass costs about twice a forward pass. */
const PASS = 3;
/** Forward and backward passes that one ladder makes, about. */
const LADDER_PASSES = 80;
/** Rates of a ladder, about. */
const RUNGS = 12;
const FEWEST_SAMPLES = 8;

/** The result where nothing had to be tried out. */
export const NO_EXPERIMENTS: Experiments = {
  samples: 0,
  fresh: null,
  fitting: null,
  rectified: null,
  afterOneStep: null,
  learningRates: null,
  unknown: [],
};

/** What the measurement left open. */
export interface Questions {
  /** Why units are dead: needs fresh copies and learning rates. */
  readonly dead: boolean;
  /** Why a signal vanishes or explodes: needs fresh, fitting and rectified copies. */
  readonly flow: boolean;
  /** Whether a gradient that is exactly 0 stays so: needs one step. */
  readonly zeroGradient: boolean;
  /** Whether the saved learning rate does harm. */
  readonly rate: boolean;
}

export async function experiment(
  network: Network,
  probe: Probe,
  questions: Questions,
  options: ExperimentOptions,
): Promise<Experiments> {
  if (!Object.values(questions).some(Boolean)) return NO_EXPERIMENTS;
  if (network.differentiable !== null) {
    return { ...NO_EXPERIMENTS, unknown: [`Causes were not tried out on copies: ${network.differentiable}`] };
  }
  const perSample = PASS * operationsPerSample(network);
  const onlyFlow = !questions.dead && !questions.rate && !questions.zeroGradient;
  const perKind = onlyFlow ? FLOW_COPIES : COPIES;
  const copies = perKind * (questions.flow ? 3 : 2);
  const fixed = network.inputs.find(({ batchSize }) => batchSize !== null)?.batchSize ?? null;
  const affordable = (passes: number): number => Math.floor(BUDGET_OPERATIONS / (passes * perSample));
  const fitting = samplesWithin(network, probe, options.memory ?? MAXIMUM_MEMORY, 'backward');
  const wanted = onlyFlow ? FLOW_SAMPLES : SAMPLES;
  const samples = fixed ?? Math.min(wanted, probe.available, fitting, Math.max(affordable(copies), FEWEST_SAMPLES));
  if (samples * copies * perSample > 10 * BUDGET_OPERATIONS || !canBackPropagate(network, probe)) {
    return {
      ...NO_EXPERIMENTS,
      unknown: ['The network is too large to try out causes on copies of it within the budget.'],
    };
  }
  const firstCopies = (kind: CopyKind): number => {
    if (!onlyFlow) return perKind;
    return kind === 'fresh' && options.saved !== undefined ? 1 : FIRST_FLOW_COPIES;
  };
  const ladderAffordable = samples * LADDER_PASSES * perSample <= 10 * BUDGET_OPERATIONS;
  const plan = planOf(network, questions, { firstCopies, perKind, ladderAffordable });
  return conclude(network, samples, plan, await perform(network, probe, options, samples, plan));
}

/** Multiplications of all copies where units are dead, which need the most samples; 0 where they are too many. */
export function experimentOperations(network: Network): number {
  const copies = 2 * COPIES * PASS * operationsPerSample(network);
  const samples = Math.min(SAMPLES, Math.max(Math.floor(BUDGET_OPERATIONS / copies), FEWEST_SAMPLES));
  return samples * copies > 10 * BUDGET_OPERATIONS ? 0 : samples * copies;
}

/** What is to be tried. */
interface Plan {
  readonly trials: readonly Trial[];
  /** Made of the kinds whose copies disagree, one by one. */
  readonly furtherCopies: readonly CopyTrial[];
  /** Null without a ladder of learning rates. */
  readonly ladder: Pick<LearningRateLadder, 'configuredRate' | 'start' | 'optimizer'> | null;
  readonly unknown: readonly string[];
}

interface Extent {
  /** Copies of each kind, those that are made in any case and all. */
  readonly firstCopies: (kind: CopyKind) => number;
  readonly perKind: number;
  readonly ladderAffordable: boolean;
}

function planOf(
  network: Network,
  { dead, flow, zeroGradient, rate }: Questions,
  { firstCopies, perKind, ladderAffordable }: Extent,
): Plan {
  const trials: Trial[] = [];
  const furtherCopies: CopyTrial[] = [];
  const addCopies = (weights: CopyKind): void => {
    for (let copy = 0; copy < perKind; copy++) {
      (copy < firstCopies(weights) ? trials : furtherCopies).push({ kind: 'copy', weights, copy });
    }
  };
  const unknown: string[] = [];
  if (dead || flow) {
    addCopies('fresh');
    addCopies('fitting');
  }
  if (flow && network.calls.some(isSaturatingHidden)) addCopies('rectified');
  if (zeroGradient) trials.push({ kind: 'step' });
  const withoutLadder = { trials, furtherCopies, ladder: null, unknown };
  if (!dead && !rate) return withoutLadder;
  if (!ladderAffordable) {
    unknown.push('The network is too large for a ladder of learning rates within the budget.');
    return withoutLadder;
  }
  const { training } = network.summary;
  const configuredRate = training?.learningRate ?? null;
  const optimizer = optimizerOf(network);
  if (!isKnownOptimizer(optimizer)) return withoutLadder;
  for (const rung of ladderRates(configuredRate)) trials.push({ kind: 'rate', rate: rung });
  const start = canDraw(network) ? 'fresh' : 'saved';
  return { trials, furtherCopies, ladder: { optimizer, configuredRate, start }, unknown };
}

const optimizerOf = ({ summary }: Network): string => summary.training?.optimizer?.toLowerCase() ?? 'sgd';

/** What every trial that was made showed, and whether the labels were given. */
interface Results {
  readonly trials: readonly Trial[];
  readonly results: readonly TrialResults[Trial['kind']][];
  readonly labels: LearningRateLadder['labels'];
}

async function perform(
  network: Network,
  probe: Probe,
  options: ExperimentOptions,
  samples: number,
  plan: Plan,
): Promise<Results> {
  const { seed, memory, scheduler = new JobScheduler(network, { memory }) } = options;
  const batch = scheduler.share(await probe.batch(0, samples));
  const setup = {
    seed,
    batch,
    samples,
    inputShapes: probe.inputs.map(({ shape }) => shape),
    labelShapes: probe.labelShapes,
    optimizer: optimizerOf(network),
  };
  const trials: Trial[] = [];
  const results: TrialResults[Trial['kind']][] = [];
  const most = plan.trials.length + plan.furtherCopies.length;
  const showProgress = (): void => {
    if (results.length === trials.length) return;
    options.onProgress({ stage: 'experiment', done: results.length / most, detail: detailOf(trials[results.length]) });
  };
  const make = async (wanted: readonly Trial[]): Promise<void> => {
    if (wanted.length === 0) return;
    trials.push(...wanted);
    showProgress();
    const passes = wanted.reduce((sum, { kind }) => sum + (kind === 'rate' ? LADDER_PASSES / RUNGS : 1), 0);
    const cost = {
      operations: passes * samples * PASS * operationsPerSample(network),
      bytes: passBytes(network, probe, samples, 'backward'),
    };
    await scheduler.experiment(setup, wanted, cost, (result) => {
      results.push(result);
      showProgress();
    });
  };
  await make(plan.trials);
  const made: Results = { trials, results, labels: batch.labels === null ? 'random' : 'given' };
  let further = plan.furtherCopies;
  while (further.length > 0) {
    const open = further.filter(({ weights }) => !agree(witnesses(made, weights, options.saved)));
    const next = open.filter(({ weights }, i) => i === open.findIndex((other) => other.weights === weights));
    await make(next);
    further = open.filter((trial) => !next.includes(trial));
  }
  return made;
}

const COPY_DETAILS: Readonly<Record<CopyKind, string>> = {
  fresh: 'fresh weights',
  fitting: 'fitting initialisation',
  rectified: 'ReLU in place of saturating layers',
};

function detailOf(trial: Trial): string {
  if (trial.kind === 'copy') return COPY_DETAILS[trial.weights];
  return trial.kind === 'step' ? 'one step' : 'learning rates';
}

const resultsOf = <K extends Trial['kind']>({ trials, results }: Results, kind: K): TrialResults[K][] =>
  results.filter((_, i) => trials[i].kind === kind) as TrialResults[K][];

/** The copies of one kind; none where one of the weights could not be drawn. */
function copiesOf({ trials, results }: Results, weights: CopyKind): ReadonlyMap<string, CopyMeasurement>[] {
  const made = results.filter((_, i) => {
    const trial = trials[i];
    return trial.kind === 'copy' && trial.weights === weights;
  }) as TrialResults['copy'][];
  const drawn = made.filter((copy) => copy !== null);
  return drawn.length < made.length ? [] : drawn;
}

/** What has to agree: the copies of one kind, and beside a single fresh one the saved network. */
function witnesses(
  made: Results,
  weights: CopyKind,
  saved: ExperimentOptions['saved'],
): readonly ReadonlyMap<string, Flow>[] {
  const copies = copiesOf(made, weights);
  if (weights !== 'fresh' || copies.length !== 1 || saved === undefined) return copies;
  const flows = saved.map(({ name, signal, gradient }): [string, Flow] => [
    name,
    { variance: signal?.variance ?? null, gradientRms: gradient?.outputRms ?? null },
  ]);
  return [new Map(flows), ...copies];
}

function conclude(network: Network, samples: number, { ladder, unknown }: Plan, made: Results): Experiments {
  const copies = (kind: CopyKind): Copies | null => {
    const drawn = copiesOf(made, kind);
    return drawn.length === 0 ? null : { count: drawn.length, layers: averaged(network, drawn) };
  };
  const fresh = copies('fresh');
  const undrawn = fresh === null && made.trials.some((trial) => trial.kind === 'copy');
  const steps = resultsOf(made, 'step');
  const climbed = resultsOf(made, 'rate');
  const rates = climbed.map(({ rung }) => rung);
  return {
    samples,
    fresh,
    fitting: copies('fitting'),
    rectified: copies('rectified'),
    afterOneStep: steps.length === 0 ? null : { count: 1, layers: averaged(network, steps) },
    learningRates:
      ladder === null
        ? null
        : {
            optimizer: ladder.optimizer,
            start: ladder.start,
            labels: made.labels,
            configuredRate: ladder.configuredRate,
            rates,
            unitsAtRisk: climbed[0].unitsAtRisk,
            highestSafeRate: highestSafeRate(rates),
          },
    unknown: [
      ...(undrawn ? ['The model does not say how its weights were initialised, so fresh copies were not drawn.'] : []),
      ...unknown,
    ],
  };
}
