/** Process that diagnoses built networks through the diagnosis' public request. */

import { createHash } from 'node:crypto';
import { diagnose } from '../../../src/analysis/diagnose';
import { DiagnosisError } from '../../../src/report/errors';
import { SAMPLE_SEEDS, type SavedNetwork } from './buildNetwork';
import { BuiltNetworks } from './builtNetworks';
import type { Diagnosis, DiagnoseJob, JobResult } from './jobs';
import { FilesInMemory } from './filesInMemory';
import type { NetworkSpec } from './networkSpec';
import { npyBytes } from './npy';
import { SPECS } from './specs/specs';
import { drawSamples, TASKS } from './tasks';

const PROBE_SAMPLES = 2_000;

const [root, wasmFolder] = process.argv.slice(2);
const networks = BuiltNetworks.open(root, wasmFolder);

process.on('message', (job: DiagnoseJob) => {
  const spec = SPECS.find(({ id }) => id === job.id)!;
  const run = async (): Promise<JobResult> => {
    const saved = await (await networks).saved(spec);
    const diagnoses: Diagnosis[] = [];
    for (const seed of job.seeds) diagnoses.push(await diagnoseOnce(spec, saved, seed));
    return { job, result: { diagnoses } };
  };
  run().then(
    (result) => process.send!(result),
    (error: unknown) => {
      process.stderr.write(`${job.id}: ${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});

async function diagnoseOnce(spec: NetworkSpec, saved: SavedNetwork, seed: number): Promise<Diagnosis> {
  const model = new FilesInMemory('model', { 'model.json': Buffer.from(saved.json), 'weights.bin': saved.weights });
  const started = performance.now();
  const took = (): number => performance.now() - started;
  try {
    const report = await diagnose(
      { model: { folder: model, file: 'model.json' }, ...probeOf(spec), samples: null, seed },
      { wasmFolder, onProgress: () => undefined },
    );
    const findings = report.findings
      .filter(({ severity }) => severity !== 'information')
      .map(({ rule, cause }) => ({ rule, cause: cause?.id ?? null }));
    const reportHash = createHash('sha256')
      .update(JSON.stringify({ ...report, run: null }))
      .digest('hex');
    return { seed, findings, reportHash, milliseconds: took(), problem: null };
  } catch (error) {
    const problem = DiagnosisError.from(error).oneLine;
    return { seed, findings: [], reportHash: '', milliseconds: took(), problem };
  }
}

function probeOf(spec: NetworkSpec) {
  if (spec.probe === 'synthetic') return { data: [], labels: null };
  const { inputShape, outputs } = TASKS[spec.data.task];
  const { inputs, targets } = drawSamples(spec.data, PROBE_SAMPLES, SAMPLE_SEEDS.diagnosis);
  const folder = new FilesInMemory('data', {
    'x.npy': npyBytes([PROBE_SAMPLES, ...inputShape], inputs),
    'y.npy': npyBytes([PROBE_SAMPLES, outputs], targets),
  });
  return {
    data: [{ folder, file: 'x.npy', input: null }],
    labels: spec.probe === 'labelled' ? { folder, file: 'y.npy' } : null,
  };
}
