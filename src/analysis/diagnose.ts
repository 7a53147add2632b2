/** From model bytes to report: load, probe, measure, experiment, judge. */

import { version } from '../../package.json';
import type { ProbeBudget, Progress } from '../report/protocol';
import { DiagnosisError } from '../report/errors';
import { type Report, SCHEMA_VERSION } from '../report/report';
import { startBackend } from './backend/backend';
import { JobScheduler, type HelperPool } from './threads/jobScheduler';
import { RecordedFolder } from './threads/recordedFolder';
import { experiment, experimentOperations, NO_EXPERIMENTS } from './experiment/experiment';
import { LOSS_NAMES, lossNamed } from './measure/losses';
import { measure } from './measure/measure';
import { MAXIMUM_MEMORY, passBytes } from './measure/memory';
import type { Folder } from './model/folder';
import { loadNetwork } from './model/load';
import { lossName, type LossChoice } from './model/trainingConfig';
import { dataProbe } from './probe/dataProbe';
import type { Scale } from './probe/scale';
import { syntheticProbe } from './probe/syntheticProbe';
import type { DataSource, LabelSource } from './source';
import { StageClock } from './stageClock';
import { judge, openQuestions } from './rules/judge';

export interface DiagnoseRequest {
  readonly model: { readonly folder: Folder; readonly file: string };
  readonly data: readonly DataSource[];
  readonly labels: LabelSource | null;
  /** Number of samples; null lets the probe grow until its count of silent units settles. */
  readonly samples: number | null;
  readonly seed: number;
  /** What the growing probe may cost; without one it takes 4,096 samples at most and as long as these take. */
  readonly budget?: ProbeBudget;
  /** How the values of data files are brought to what the model expects; null leaves arrays as they are and images at 0..1. */
  readonly scale?: Scale | null;
  /** Columns of CSV data that feed the model, by name, number from 1, or range of numbers; null chooses by their names. */
  readonly columns?: readonly string[] | null;
  /** In place of the loss saved with the model; null keeps that. */
  readonly loss?: LossChoice | null;
}

export interface DiagnoseEnvironment {
  /** Folder of the .wasm files, ending in a slash. */
  readonly wasmFolder: string;
  /** Bytes that the passes through the network may take; 2 GB where nothing is said. */
  readonly memory?: number;
  /** Threads that may share the work; the report does not depend on them. Absent: this thread works alone. */
  readonly helpers?: HelperPool;
  onProgress(progress: Progress): void;
}

/** Experiments are made in some diagnoses only: helpers are started for them beforehand as if they were half as long. */
const EXPERIMENTS_SHARE = 0.5;

/**
 * Loads, probes, measures and judges. Rejects with a `DiagnosisError` for everything a person can act on. The same
 * request gives the same report, its `run` aside.
 */
export async function diagnose(request: DiagnoseRequest, environment: DiagnoseEnvironment): Promise<Report> {
  const clock = new StageClock((progress) => environment.onProgress(progress));
  const { seed, samples, loss = null } = request;
  const { memory = MAXIMUM_MEMORY } = environment;
  checkLoss(loss);
  clock.enter('load');
  const backend = startBackend(environment.wasmFolder);
  const folder = new RecordedFolder(request.model.folder);
  const network = await loadNetwork(folder, request.model.file, { loss, backend });
  const { helpers } = environment;
  const scheduler = new JobScheduler(network, { memory, helpers, model: { folder, file: request.model.file, loss } });
  try {
    clock.enter('probe');
    const probe =
      request.data.length === 0
        ? syntheticProbe(network.inputs, seed)
        : await dataProbe(network.inputs, request.data, request.labels, network.summary.outputs, {
            seed,
            samples,
            scale: request.scale ?? null,
            columns: request.columns ?? null,
            declared: network.summary.inputs,
          });
    // By the time that experiments are made, helpers are ready; that they are is not known yet.
    await scheduler.prepare({
      operations: EXPERIMENTS_SHARE * experimentOperations(network),
      bytes: passBytes(network, probe, 1, 'backward'),
    });
    clock.enter('forward');
    const measured = await measure(network, probe, {
      samples,
      seed,
      ...(request.budget === undefined ? {} : { budget: request.budget }),
      memory,
      scheduler,
      onProgress: (progress) => clock.report(progress),
    });
    clock.enter('experiment');
    const questions = openQuestions({ model: network.summary, ...measured, experiments: NO_EXPERIMENTS });
    const experiments = await experiment(network, probe, questions, {
      seed,
      saved: measured.layers,
      memory,
      scheduler,
      onProgress: (progress) => clock.report(progress),
    });
    clock.enter('judge');
    const measurement = { model: network.summary, ...measured, experiments };
    return {
      schemaVersion: SCHEMA_VERSION,
      tool: { name: 'activation-diagnostics', version },
      ...measurement,
      findings: judge(measurement),
      run: clock.summary(),
    };
  } finally {
    scheduler.close();
    network.dispose();
  }
}

/** Throws `usage` for a loss that is not known. A saved one that is not known is no error: its labels go unused. */
function checkLoss(choice: LossChoice | null): void {
  const given = choice === null ? [] : typeof choice === 'string' ? [choice] : Object.values(choice);
  for (const loss of given) {
    const name = lossName(loss);
    if (name !== null && lossNamed(name) !== null) continue;
    throw new DiagnosisError(
      'usage',
      `The loss "${loss}" is not known.`,
      null,
      `Give one of ${LOSS_NAMES.join(', ')}.`,
    );
  }
}
