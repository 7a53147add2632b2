/** The benchmark of the diagnosis; scripts/benchmark-diagnosis.mjs bundles and runs it and says how it is used. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runJobs } from './jobPool';
import type { BuildJob, BuildResult, DiagnoseJob, Diagnosis } from './jobs';
import { isHealthy, splitOf, type NetworkSpec } from './networkSpec';
import { falseAlarms, labelsWith, namesCause } from './scores';
import { SPECS } from './specs/specs';
import { causeTable, determinismTable, overallTable, peerRuleTable, ruleTable, verdictOf, type Judged } from './tables';

const SEED = 0;
const OTHER_SEED = 1;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'held-out': { type: 'boolean' }, write: { type: 'boolean' }, only: { type: 'string' } },
});
const [root] = positionals;
const wasmFolder = path.join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/');
const bundle = path.dirname(process.argv[1]);
const print = (text: string): boolean => process.stdout.write(`${text}\n`);

void run();

async function run(): Promise<void> {
  const split = values['held-out'] === true ? 'held-out' : 'tuning';
  const only = values.only === undefined ? null : new RegExp(values.only);
  const specs = SPECS.filter((spec) => values.write === true || splitOf(spec) === split).filter(
    (spec) => only === null || splitOf(spec) === 'held-out' || only.test(spec.id),
  );
  const { judged, wrong } = await judgeAll(specs);
  for (const line of wrong) print(line);
  if (wrong.length > 0) process.exitCode = 1;
  const tuning = judged.filter(({ spec }) => splitOf(spec) === 'tuning');
  const heldOut = judged.filter(({ spec }) => splitOf(spec) === 'held-out');
  for (const network of tuning) print(networkLine(network));
  if (tuning.length > 0) print(`\n${totals('Tuning half', tuning)}`);
  if (heldOut.length > 0) print(`\n${totals('Held-out half', heldOut)}`);
  if (values.write === true) {
    await writeFile(path.join(root, 'docs/diagnosis-benchmark.md'), documentOf(tuning, heldOut));
  }
}

/** Builds and diagnoses; networks whose labels are not borne out are left out and told of. */
async function judgeAll(specs: readonly NetworkSpec[]): Promise<{ judged: Judged[]; wrong: string[] }> {
  const built = new Map<string, BuildResult>();
  const builds = specs.map(({ id }): BuildJob => ({ kind: 'build', id }));
  await runJobs(path.join(bundle, 'buildWorker.cjs'), [root, wasmFolder], builds, ({ job, result }) => {
    if (job.kind === 'build') built.set(job.id, result as BuildResult);
    progress(`${built.size} of ${specs.length} networks built`);
  });
  const wrong: string[] = [];
  const sound = specs.filter(({ id }) => {
    const failed = built.get(id)!.labels.evidence.filter(({ holds }) => !holds);
    for (const { evidence, measured } of failed)
      wrong.push(`LABEL ${id}: ${JSON.stringify(evidence)}, but ${measured}`);
    return failed.length === 0;
  });
  const diagnoses = new Map<string, readonly Diagnosis[]>();
  const jobs = sound.map(({ id }): DiagnoseJob => {
    // The third diagnosis shows whether a report repeats.
    return { kind: 'diagnose', id, seeds: [SEED, OTHER_SEED, SEED] };
  });
  await runJobs(path.join(bundle, 'diagnoseWorker.cjs'), [root, wasmFolder], jobs, (message) => {
    if (message.job.kind === 'diagnose')
      diagnoses.set(message.job.id, (message.result as { diagnoses: Diagnosis[] }).diagnoses);
    progress(`${diagnoses.size} of ${jobs.length} networks diagnosed`);
  });
  const judged = sound.map((spec): Judged => {
    const { labels, peers } = built.get(spec.id)!;
    return {
      spec,
      labels: labelsWith(spec.labels, labels.silentShare),
      diagnoses: diagnoses.get(spec.id)!,
      peers,
    };
  });
  return { judged, wrong };
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}  `);
}

/** What was expected, what was said, and how long it took. */
function networkLine({ spec, labels, diagnoses }: Judged): string {
  const [diagnosis] = diagnoses;
  const verdict = verdictOf(diagnosis);
  const alarms = falseAlarms(labels, verdict);
  const found = labels.rules.some((rule) => verdict.rules.includes(rule));
  const mark = isHealthy(spec)
    ? alarms.length === 0
      ? 'ok'
      : 'FALSE'
    : verdict.rules.length === 0
      ? 'MISSED'
      : found
        ? 'ok'
        : 'OTHER';
  const said = diagnosis.findings.map(({ rule, cause }) => (cause === null ? rule : `${rule} (${cause})`));
  const wanted = isHealthy(spec) ? 'healthy' : labels.rules.join(' or ');
  const cause =
    labels.cause === null
      ? ''
      : ` [${labels.cause}: ${namesCause(diagnosis.findings, labels.cause) ? 'named' : 'NOT NAMED'}]`;
  const extra = !isHealthy(spec) && alarms.length > 0 ? ` {also: ${alarms.join()}}` : '';
  const outcome = diagnosis.problem ?? (said.length === 0 ? 'nothing' : [...new Set(said)].join(', '));
  const other = verdictOf(diagnoses[1]).rules;
  const unstable =
    [...other].sort().join() === [...verdict.rules].sort().join()
      ? ''
      : ` {another seed: ${other.join() || 'nothing'}}`;
  return `${mark.padEnd(7)}${spec.id.padEnd(34)} ${Math.round(diagnosis.milliseconds)} ms; wanted ${wanted}${cause}; said ${outcome}${extra}${unstable}`;
}

/** The one thing that is said of single held-out networks: it tells nothing to tune to. */
function irreproducible(networks: readonly Judged[]): string[] {
  const ids = networks
    .filter(({ diagnoses }) => diagnoses[0].reportHash !== diagnoses[2].reportHash)
    .map(({ spec }) => spec.id);
  return ids.length === 0 ? [] : [`Different reports by the same seed: ${ids.join(', ')}.`];
}

function totals(title: string, networks: readonly Judged[]): string {
  const healthy = networks.filter(({ spec }) => isHealthy(spec)).length;
  return [
    `## ${title}`,
    `${networks.length} networks, ${healthy} of them healthy. Shares with counts and 95% Wilson intervals.`,
    overallTable(networks),
    '### By rule',
    ruleTable(networks),
    '### By cause',
    causeTable(networks),
    '### Determinism',
    determinismTable(networks),
    ...irreproducible(networks),
    '### Peers, by the rule that theirs corresponds to',
    peerRuleTable(networks),
  ].join('\n\n');
}

function documentOf(tuning: readonly Judged[], heldOut: readonly Judged[]): string {
  return `# Benchmark of the diagnosis

Written by \`npm run benchmark:diagnosis -- --write\`; do not edit.

The networks are built from the specifications in \`test/benchmark/diagnosis/specs\`. Their labels follow from how they
were made, or from training outcomes and measurements by plain tfjs, never from the rules themselves; each label is
checked when its network is built. A network counts as flagged when any warning or error is present. A warning about a
healthy network is a false alarm unless it is true of it (a tenth of a layer's units silent on 20,000 samples). The
rules of the peers are described in [peers.md](peers.md). Thresholds were chosen on the tuning half only.

${totals('Held-out half', heldOut)}

${totals('Tuning half', tuning)}
`;
}
