/** Experiments on copies of the network that tell causes apart: what would fresh weights, other activations or other rates do? */

import type { Progress } from '../../report/protocol';
import type { Copies, Experiments, LearningRateLadder } from '../../report/report';
import { JobScheduler } from '../threads/jobScheduler';
import { canBackPropagate, MAXIMUM_MEMORY, operationsPerSample, passBytes, samplesWithin } from '../measure/memory';
import type { Network } from '../model/network';
import type { Probe } from '../probe/probe';
import { averaged } from './copies';
import { canDraw, isSaturatingHidden, type CopyKind, type Trial, type TrialResults } from './laboratory';
import { highestSafeRate, isKnownOptimizer, ladderRates } from './learningRates';

export interface ExperimentOptions {
  readonly seed: number;
  /** Bytes that a pass may take; 2 GB where nothing is said. */
  readonly memory?: number;
  /** Who shares the work; this thread alone where nobody is named. */
  readonly scheduler?: JobScheduler;
  onProgress(progress: Progress): void;
}

/** Samples and copies of each kind where silent units are counted, or steps of an optimiser taken. */
const SAMPLES = 128;
const COPIES = 4;
/**
 * The same where only the size of a signal is asked for: a variance over so many samples is off by a third (the root of
 * 2/15), an eighth of a decade, where one and a half decide. Of three copies one may have died without moving the median.
 */
const FLOW_SAMPLES = 16;
const FLOW_COPIES = 3;
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
  const plan = planOf(network, questions, perKind, samples * LADDER_PASSES * perSample <= 10 * BUDGET_OPERATIONS);
  return conclude(network, samples, plan, await perform(network, probe, options, samples, plan.trials));
}

/** Multiplications of all copies where units are dead, which need the most samples; 0 where they are too many. */
export function experimentOperations(network: Network): number {
  const copies = 2 * COPIES * PASS * operationsPerSample(network);
  const samples = Math.min(SAMPLES, Math.max(Math.floor(BUDGET_OPERATIONS / copies), FEWEST_SAMPLES));
  return samples * copies > 10 * BUDGET_OPERATIONS ? 0 : samples * copies;
}

/** What is to be tried, in the order in which results are put together. */
interface Plan {
  readonly trials: readonly Trial[];
  /** Null without a ladder of learning rates. */
  readonly ladder: Pick<LearningRateLadder, 'configuredRate' | 'start' | 'optimizer'> | null;
  readonly unknown: readonly string[];
}

function planOf(
  network: Network,
  { dead, flow, zeroGradient, rate }: Questions,
  perKind: number,
  ladderAffordable: boolean,
): Plan {
  const trials: Trial[] = [];
  const addCopies = (weights: CopyKind): void => {
    for (let copy = 0; copy < perKind; copy++) trials.push({ kind: 'copy', weights, copy });
  };
  const unknown: string[] = [];
  if (dead || flow) {
    addCopies('fresh');
    addCopies('fitting');
  }
  if (flow && network.calls.some(isSaturatingHidden)) addCopies('rectified');
  if (zeroGradient) trials.push({ kind: 'step' });
  if (!dead && !rate) return { trials, ladder: null, unknown };
  if (!ladderAffordable) {
    unknown.push('The network is too large for a ladder of learning rates within the budget.');
    return { trials, ladder: null, unknown };
  }
  const { training } = network.summary;
  const configuredRate = training?.learningRate ?? null;
  const optimizer = optimizerOf(network);
  if (!isKnownOptimizer(optimizer)) return { trials, ladder: null, unknown };
  for (const rung of ladderRates(configuredRate)) trials.push({ kind: 'rate', rate: rung });
  return { trials, ladder: { optimizer, configuredRate, start: canDraw(network) ? 'fresh' : 'saved' }, unknown };
}

const optimizerOf = ({ summary }: Network): string => summary.training?.optimizer?.toLowerCase() ?? 'sgd';

/** What every trial showed, and whether the labels were given. */
interface Results {
  readonly results: readonly TrialResults[Trial['kind']][];
  readonly labels: LearningRateLadder['labels'];
}

async function perform(
  network: Network,
  probe: Probe,
  options: ExperimentOptions,
  samples: number,
  trials: readonly Trial[],
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
  const passes = trials.reduce((sum, { kind }) => sum + (kind === 'rate' ? LADDER_PASSES / RUNGS : 1), 0);
  const cost = {
    operations: passes * samples * PASS * operationsPerSample(network),
    bytes: passBytes(network, probe, samples, 'backward'),
  };
  const results: TrialResults[Trial['kind']][] = [];
  const showProgress = (): void => {
    if (results.length === trials.length) return;
    const detail = detailOf(trials[results.length]);
    options.onProgress({ stage: 'experiment', done: results.length / trials.length, detail });
  };
  showProgress();
  await scheduler.experiment(setup, trials, cost, (result) => {
    results.push(result);
    showProgress();
  });
  return { results, labels: batch.labels === null ? 'random' : 'given' };
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

function conclude(network: Network, samples: number, plan: Plan, { results, labels }: Results): Experiments {
  const { trials, ladder, unknown } = plan;
  const of = <K extends Trial['kind']>(kind: K, wanted: (trial: Trial) => boolean = () => true): TrialResults[K][] =>
    results.filter((_, i) => trials[i].kind === kind && wanted(trials[i])) as TrialResults[K][];
  const copies = (kind: CopyKind): Copies | null => {
    const measured = of('copy', (trial) => trial.kind === 'copy' && trial.weights === kind);
    const drawn = measured.filter((copy) => copy !== null);
    // None, or one of the weights could not be drawn.
    if (drawn.length === 0 || drawn.length < measured.length) return null;
    return { count: drawn.length, layers: averaged(network, drawn) };
  };
  const fresh = copies('fresh');
  const undrawn = fresh === null && trials.some((trial) => trial.kind === 'copy');
  const steps = of('step');
  const climbed = of('rate');
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
            labels,
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
