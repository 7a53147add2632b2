import path from 'node:path';
import { version } from '../../package.json';
import type { DiagnoseRequest } from '../analysis/diagnose';
import type { NodeHelperPool } from '../analysis/threads/nodePool';
import { memoryBudget } from '../analysis/nodeMemory';
import { workerCount } from '../analysis/nodeWorkers';
import { DiagnosisError } from '../report/errors';
import { plainText } from '../report/render/plainText';
import type { Report } from '../report/report';
import { HELP, parseCommand, type DiagnoseCommand, type Threshold } from './arguments';
import { fileOutput, standardOutput } from './output';
import { ProgressLine } from './progressLine';
import { render } from './render';
import { diagnoseRequest } from './sources';

/** Exit codes, also for scripts: docs in README.md. */
const NOTHING_FOUND = 0;
const FOUND = 1;
const WRONG_INPUT = 2;

/** Runs a command to its end, complaints included. @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  try {
    return await execute(args);
  } catch (error) {
    process.stderr.write(`error: ${plainText(DiagnosisError.from(error).oneLine)}\n`);
    return WRONG_INPUT;
  }
}

async function execute(args: readonly string[]): Promise<number> {
  const command = parseCommand(args);
  switch (command.kind) {
    case 'help':
      await standardOutput.write(HELP);
      return NOTHING_FOUND;
    case 'version':
      await standardOutput.write(`${version}\n`);
      return NOTHING_FOUND;
    case 'diagnose': {
      const report = await diagnoseCommand(command);
      return reaches(report, command.failOn) ? FOUND : NOTHING_FOUND;
    }
  }
}

async function diagnoseCommand(command: DiagnoseCommand): Promise<Report> {
  const request = await diagnoseRequest(command);
  const output =
    command.output === null
      ? standardOutput
      : await fileOutput(command.output, [request.model, ...request.data, ...(request.labels ? [request.labels] : [])]);
  // Only now, so that help and wrong usage do not wait for tfjs.
  const { diagnose } = await import('../analysis/diagnose');
  const helpers = await helperPool(workerCount(command.workers) - 1);
  const progress = new ProgressLine(process.stderr);
  let report: Report;
  try {
    const diagnosis = await diagnose(request, {
      wasmFolder: __dirname + path.sep,
      memory: memoryBudget(command.memory),
      ...(helpers && { helpers }),
      onProgress: (step) => progress.show(step),
    });
    report = {
      ...diagnosis,
      model: { ...diagnosis.model, file: { ...diagnosis.model.file, path: pathOf(request.model) } },
    };
  } finally {
    helpers?.dispose();
    progress.clear();
  }
  const terminal = command.output === null && process.stdout.isTTY && process.stdout.hasColors();
  await output.write(await render(report, command.format, terminal));
  return report;
}

/** Null where one thread works alone, which then does not load what threads take. */
async function helperPool(size: number): Promise<NodeHelperPool | null> {
  if (size === 0) return null;
  const { NodeHelperPool } = await import('../analysis/threads/nodePool');
  const pool = new NodeHelperPool(path.join(__dirname, 'worker.js'));
  pool.size = size;
  return pool;
}

/** The model file as the user named it. */
const pathOf = ({ folder, file }: DiagnoseRequest['model']): string => path.join(folder.path, file);

function reaches({ findings }: Report, threshold: Threshold): boolean {
  if (threshold === 'never') return false;
  return findings.some(({ severity }) => severity === 'error' || severity === threshold);
}
