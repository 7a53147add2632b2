import { parseArgs } from 'node:util';
import type { LossChoice } from '../analysis/model/trainingConfig';
import { MOST_WORKERS } from '../analysis/nodeWorkers';
import { parseScale, type Scale } from '../analysis/probe/scale';
import type { ProbeBudget } from '../report/protocol';
import { DiagnosisError } from '../report/errors';

export const FORMATS = ['text', 'json', 'html', 'markdown', 'sarif'] as const;
export type Format = (typeof FORMATS)[number];

const THRESHOLDS = ['error', 'warning', 'never'] as const;
/** The least severity of a finding that makes the command end with 1. */
export type Threshold = (typeof THRESHOLDS)[number];

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | ({ readonly kind: 'diagnose' } & DiagnoseCommand);

export interface DiagnoseCommand {
  /** A model file, or a folder that holds model.json. */
  readonly model: string;
  /** As given: `FILE` or `INPUT=FILE`. */
  readonly data: readonly string[];
  readonly labels: string | null;
  readonly samples: number | null;
  /** What the probe may cost where `samples` is null. */
  readonly budget: ProbeBudget;
  readonly seed: number;
  /** MB; null leaves it to the machine. */
  readonly memory: number | null;
  /** Threads at most; null leaves it to the machine. */
  readonly workers: number | null;
  readonly scale: Scale | null;
  /** Columns of a table to feed, by name, number from 1, or range of numbers. */
  readonly columns: readonly string[] | null;
  /** In place of the saved loss: `NAME` for every output, or `OUTPUT=NAME` for each that is named. */
  readonly loss: LossChoice | null;
  readonly format: Format;
  /** Null for the standard output. */
  readonly output: string | null;
  readonly failOn: Threshold;
}

const OPTIONS = {
  data: { type: 'string', multiple: true },
  labels: { type: 'string' },
  samples: { type: 'string' },
  'max-samples': { type: 'string' },
  'max-seconds': { type: 'string' },
  seed: { type: 'string' },
  memory: { type: 'string' },
  workers: { type: 'string' },
  scale: { type: 'string' },
  loss: { type: 'string', multiple: true },
  columns: { type: 'string', multiple: true },
  format: { type: 'string' },
  output: { type: 'string' },
  'fail-on': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

export const USAGE = 'activation-diagnostics diagnose MODEL [options]';

export const HELP = `Usage: ${USAGE}

Runs a saved neural network on a batch of samples, forward and backward, and
reports dead units and vanishing, exploding or saturated layers: what, where,
how sure, why, and what to do about it.

MODEL is a model file (tfjs model.json) or a folder that holds a model.json.

Options
  --data [INPUT=]FILE   samples for the model's input, or for the one named
                        INPUT; may be given once per input. Without data the
                        probe is synthetic noise.
  --labels [NAME=]FILE  labels of these samples, in the array or column NAME of
                        FILE: measures the model's own loss
  --columns LIST        columns of a table (CSV, JSON objects) that feed the
                        model: names or numbers from 1, such as a,b or 2-5
  --scale S             what to do to the values in FILE: a factor such as
                        1/255, or 0..1, -1..1, 0..255, imagenet for pixels
  --loss [OUTPUT=]NAME  loss in place of the one saved with the model, such as
                        mse or categorical_crossentropy
  --samples N           number of samples; by default as many as it takes
  --max-samples N       where --samples is not given: the most it may take;
                        4096 by default
  --max-seconds N       and the most time, looked at between batches; without
                        it the same command always gives the same report
  --seed N              seed of everything random; 0 by default
  --memory MB           memory that passes through the network may take: batches
                        are cut to fit; by default a quarter of what is free,
                        2048 at most
  --workers N           threads that share the work, 1 to 4; by default one less
                        than there are processors. The report stays the same
  --format F            text (default), json, html, markdown or sarif
  --output FILE         write the report to FILE instead of standard output
  --fail-on S           the least severity that ends with 1: error (default),
                        warning or never
  --help, --version

Ends with 0 if nothing reaches --fail-on, with 1 if a finding does, and with 2
if the command or a file is wrong.
`;

/** Reads the arguments after the program's name. Throws a `DiagnosisError` `usage` that says what would be right. */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const [name, model, ...rest] = positionals;
  if (name === undefined) throw usage('No command was given.');
  if (name !== 'diagnose') throw usage(`There is no command "${name}".`);
  if (model === undefined) throw usage('No model was given.');
  if (rest.length > 0) throw usage(`One model is diagnosed at a time, and "${rest[0]}" is one argument too many.`);

  const { data = [], labels = null, samples, seed, scale, memory, workers, output } = values;
  const { 'max-samples': mostSamples, 'max-seconds': mostSeconds } = values;
  if (samples !== undefined && (mostSamples !== undefined || mostSeconds !== undefined)) {
    throw usage('--max-samples and --max-seconds are for a probe that grows.', 'Give these, or --samples.');
  }
  if (data.length === 0 && labels !== null) throw usage('--labels belong to samples.', 'Give these with --data.');
  if (data.length === 0 && scale !== undefined) throw usage('--scale is for samples.', 'Give these with --data.');
  if (data.length === 0 && values.columns !== undefined)
    throw usage('--columns are those of samples.', 'Give these with --data.');
  return {
    kind: 'diagnose',
    model,
    data,
    labels,
    samples: samples === undefined ? null : integer('samples', samples, 1),
    budget: {
      samples: mostSamples === undefined ? null : integer('max-samples', mostSamples, 1),
      seconds: mostSeconds === undefined ? null : integer('max-seconds', mostSeconds, 1),
    },
    seed: seed === undefined ? 0 : integer('seed', seed, 0),
    scale: scale === undefined ? null : parseScale(scale),
    columns: values.columns?.flatMap((list) => list.split(',').map((name) => name.trim())) ?? null,
    loss: values.loss === undefined ? null : lossChoice(values.loss),
    memory: memory === undefined ? null : integer('memory', memory, 1),
    workers: workers === undefined ? null : integer('workers', workers, 1, MOST_WORKERS),
    format: oneOf('format', FORMATS, values.format ?? 'text'),
    output: output === undefined || output === '-' ? null : output,
    failOn: oneOf('fail-on', THRESHOLDS, values['fail-on'] ?? 'error'),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: joinScale(args), options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_PARSE_ARGS_')) throw error;
    // Node's messages go on with advice on `--` that fits no option of ours.
    const [sentence] = message.split(/\.\s|\n/);
    const options = Object.keys(OPTIONS).map((option) => `--${option}`);
    throw usage(
      `${sentence.replace(/\.$/, '')}.`,
      code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? `The options are ${options.join(', ')}.` : undefined,
    );
  }
}

/** `--scale -1..1` as one argument: what begins with a dash is taken for an option otherwise. */
function joinScale(args: readonly string[]): string[] {
  const at = args.findIndex((argument, i) => argument === '--scale' && /^-[\d.]/.test(args[i + 1] ?? ''));
  return at < 0 ? [...args] : [...args.slice(0, at), `--scale=${args[at + 1]}`, ...args.slice(at + 2)];
}

/** More is the same seed again, or more samples than anyone can hold. */
const LARGEST_INTEGER = 2 ** 32 - 1;

function integer(option: string, text: string, least: number, most = LARGEST_INTEGER): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const wrong = Number.isInteger(value) && most < LARGEST_INTEGER ? 'out of range' : 'not a whole number';
  throw usage(`--${option} "${text}" is ${wrong}.`, `Give one from ${least} to ${most}.`);
}

/** One `NAME`, or an `OUTPUT=NAME` for each of several outputs. */
function lossChoice(given: readonly string[]): LossChoice {
  if (given.length === 1 && !given[0].includes('=')) return given[0];
  const byOutput = new Map<string, string>();
  for (const argument of given) {
    const equals = argument.lastIndexOf('=');
    const output = argument.slice(0, Math.max(0, equals));
    if (output === '' || byOutput.has(output)) {
      throw usage(
        `--loss "${argument}" does not go with the others.`,
        'Give one NAME, or OUTPUT=NAME once per output.',
      );
    }
    byOutput.set(output, argument.slice(equals + 1));
  }
  return Object.fromEntries(byOutput);
}

function oneOf<T extends string>(option: string, values: readonly T[], text: string): T {
  const value = values.find((candidate) => candidate === text);
  if (value !== undefined) return value;
  throw usage(`--${option} "${text}" is not known.`, `Give one of ${values.join(', ')}.`);
}

function usage(message: string, remedy = `Usage: ${USAGE}; --help tells more.`): DiagnosisError {
  return new DiagnosisError('usage', message, null, remedy);
}
