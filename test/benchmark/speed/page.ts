/** The measurements as Markdown. */

import { cpus, loadavg, totalmem } from 'node:os';
import type { EditorNumbers, Typing } from '../editor/editorNumbers';
import type { Cancelled } from './cancelling';
import type { ExtensionNumbers } from './extensionNumbers';
import type { Growth } from './growth';
import type { WholeRun } from './processes';
import type { NetworkTimes, Turns } from './timeNetwork';

/** Line for the terminal while the benchmark runs. */
export function networkLine({ network, own, torch, stock, whole }: NetworkTimes): string {
  const parts = [
    `bare ${spread(own.bare)}`,
    `probe ${spread(own.probe)}`,
    `measured ${spread(own.measure)}`,
    `torch probe ${spread(torch?.probe ?? null)}`,
    `cpu ${spread(stock.cpu)}`,
    `wasm ${spread(stock.wasm)}`,
    `whole ${spread(times(whole.own))}`,
    `torch whole ${spread(times(whole.torch))}`,
  ];
  return `${network.title}: ${parts.join(', ')}`;
}

export function benchmarkPage(
  networks: readonly NetworkTimes[],
  growth: readonly Growth[],
  extension: ExtensionNumbers | null,
): string {
  return [
    '# Benchmarks of speed',
    '',
    `Measured by \`npm run benchmark -- --write\` on ${machine()}. Times are medians, with the minimum in brackets, in milliseconds. Ours, PyTorch and stock tfjs take turns in one run, so the ratios hold on a busy machine too; they are ratios of minima, which other work on the machine disturbs least. Every process computes on one thread, but for the column *two workers*.`,
    '',
    '## Warm: one batch, forward and backward',
    '',
    "*Bare* is a forward and a backward pass with the gradients of all weights. *Probe* adds what the diagnosis takes of the batch: statistics per unit and histograms of every pre-activation and output, and the gradients at both. *PyTorch probe* does that with hooks (`test/benchmark/torch_probe.py`). A hook sees nothing within `nn.LSTM`, so this probe of the LSTM goes step by step, with the statistics of all steps taken at once; bare is `nn.LSTM` itself, which takes no longer with hooks at its last output alone. PyTorch's products of matrices use the processor's widest vectors, of 512 bits where it has AVX-512; WebAssembly has 128, which bounds ours.",
    '',
    ...table(
      ['network (batch)', 'bare', 'probe', 'probe / bare', 'PyTorch bare', 'PyTorch probe', 'probe / PyTorch probe'],
      networks.map(({ network, own, torch }) => [
        `${network.title} (${network.batch})`,
        spread(own.bare),
        spread(own.probe),
        ratio(own.probe, own.bare),
        spread(torch?.bare ?? null),
        spread(torch?.probe ?? null),
        ratio(own.probe, torch?.probe ?? null),
      ]),
    ),
    '',
    '## Against stock tfjs, bare',
    '',
    'A dash: cannot run (no gradient kernel, or no such layer), or takes minutes.',
    '',
    ...table(
      ['network', 'ours', 'stock cpu', 'cpu / ours', 'stock wasm', 'wasm / ours'],
      networks.map(({ network, own, stock }) => [
        network.title,
        spread(own.bare),
        spread(stock.cpu),
        ratio(stock.cpu, own.bare),
        spread(stock.wasm),
        ratio(stock.wasm, own.bare),
      ]),
    ),
    '',
    '## Whole process, from start to JSON report',
    '',
    '`activation-diagnostics diagnose model.json --data probe.npy --samples N --format json`, which also judges and, where a question stays open, experiments on copies of the network; PyTorch only measures, so *experiments aside* is the ratio without that stage. *Measured* is the warm time of the stage between loading and judging, with singular values, interval bounds and the moments of all weights. Of a large network the diagnosis back-propagates fewer samples than PyTorch here (docs/report.md, `probe.backward`).',
    '',
    ...table(
      [
        'network',
        'ours',
        'PyTorch',
        'ours / PyTorch',
        'experiments aside',
        'peak MB',
        'PyTorch peak MB',
        'two workers',
        'measured',
        'stages',
      ],
      networks.map(({ network, own, whole, twoWorkers }) => [
        network.title,
        spread(times(whole.own)),
        spread(times(whole.torch)),
        ratio(times(whole.own), times(whole.torch)),
        ratio(whole.own.map(withoutExperiments), times(whole.torch)),
        peak(whole.own),
        peak(whole.torch),
        spread(times(twoWorkers ?? [])),
        spread(own.measure),
        stages(whole.own),
      ]),
    ),
    '',
    ...(growth.length === 0 ? [] : ['## How cost grows', '']),
    ...growth.flatMap(({ title, columns, rows }) => [
      `${title}:`,
      '',
      ...table(
        columns,
        rows.map((row) => row.map(number)),
      ),
      '',
    ]),
    ...(extension === null ? [] : extensionSection(extension)),
  ].join('\n');
}

const EXTENSION = '## The extension';

/** The page with another section on the extension. */
export function withExtensionSection(page: string, extension: ExtensionNumbers): string {
  const at = page.indexOf(EXTENSION);
  return (
    [page.slice(0, at < 0 ? page.length : at), ...extensionSection(extension)].join(at < 0 ? '\n' : '').trimEnd() + '\n'
  );
}

function extensionSection({
  sizes,
  load,
  activate,
  firstHover,
  laterHover,
  keystroke,
  judging,
  cancelled,
  inEditor,
}: ExtensionNumbers): string[] {
  const ms = (value: number): string => `${number(value)} ms`;
  return [
    EXTENSION,
    '',
    ...table(
      ['what', 'measured'],
      [
        ...sizes.map(({ name, kilobytes }) => [`\`${name}\``, `${number(kilobytes)} kB`]),
        ['loading the host bundle', ms(load)],
        ['`activate()`', ms(activate)],
        ['first tip in a file of 5,000 lines, parsing included', ms(firstHover)],
        ['later tips, median', ms(laterHover)],
        ['the same file parsed again after a keystroke, median', ms(keystroke)],
        ['all its findings after a pause in typing, median', ms(judging)],
      ],
    ),
    '',
    'Loading and `activate()` were timed against an editor that does nothing, tips and typing in Node.',
    '',
    ...cancelledSection(cancelled),
    ...(inEditor === null ? ['No VS Code was to be had on this machine.', ''] : editorSection(inEditor)),
  ];
}

function cancelledSection(cancelled: readonly Cancelled[]): string[] {
  const groups = new Map<string, Cancelled[]>();
  for (const one of cancelled) {
    const key = `${one.threads} ${one.stage}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const most = (values: readonly number[]): string => number(Math.max(...values));
  const held = (index: 0 | 1): string => most(cancelled.map(({ megabytes }) => megabytes[index]));
  return [
    '### Cancelling',
    '',
    `A diagnosis of MobileNetV2 1.0/224 in the extension's worker, alone and with a helper thread, cancelled at moments spread evenly over it; *in* is the stage that its progress named last, where *forward* is the first pass forward and back too. Medians, with the longest in brackets, in milliseconds from the request until the caller is told and until the threads are gone. After that the process computed for ${most(cancelled.map(({ computed }) => computed))} ms at most in 300, and held ${held(1)} MB at most, of ${held(0)}.`,
    '',
    ...table(
      ['threads', 'in', 'diagnoses', 'told', 'gone'],
      [...groups.values()].map((group) => [
        `${group[0].threads}`,
        group[0].stage,
        `${group.length}`,
        worst(group.map(({ told }) => told)),
        worst(group.map(({ gone }) => gone)),
      ]),
    ),
    '',
  ];
}

function editorSection(numbers: EditorNumbers): string[] {
  const { editor, load, activate, firstFile, typing, typingText, panel } = numbers;
  return [
    `### In ${editor}`,
    '',
    `Measured on ${machine()}. Medians, with the minimum in brackets, in milliseconds. Tips are asked for with \`vscode.executeHoverProvider\`, which goes from the extension host to the window and back; *nothing to say* is a place without a tip, which costs that way alone.`,
    '',
    ...table(
      ['what', 'measured'],
      [
        ['loading the host bundle', spread(load)],
        ['`activate()`', spread(activate)],
        ["opening the window's first file of training code (5,000 lines) until its first tip", spread(firstFile)],
        ['first tip in a file of 5,000 lines that was just opened', spread(numbers.firstHover)],
        ['first hover in such a file without training code', spread(numbers.firstHoverPlain)],
        ['later tips in training code', spread(numbers.laterHover)],
        ['nothing to say', spread(numbers.emptyHover)],
      ],
    ),
    '',
    'A comment typed in the middle of the file. *Longest pause* is the longest time in which the extension host could do nothing else; the window itself shows what is typed without waiting for it.',
    '',
    ...table(
      ['file of 5,000 lines', 'a keystroke', 'longest pause while typing', 'longest pause after it'],
      (
        [
          ['training code', typing],
          ['text, which the extension leaves alone', typingText],
        ] as readonly (readonly [string, Typing])[]
      ).map(([what, { keystroke, longestPause, longestPauseAfter }]) => [
        what,
        spread(keystroke),
        spread(longestPause),
        spread(longestPauseAfter),
      ]),
    ),
    '',
    ...(panel === null
      ? []
      : [
          'From the key or click that starts the diagnosis until the panel has drawn the report: in a window that has diagnosed nothing yet, with the start of the worker and of the panel, and again.',
          '',
          ...table(
            ['model', 'first', 'again'],
            panel.map(({ model, first, warm }) => [model, spread(first), spread(warm)]),
          ),
          '',
        ]),
  ];
}

function machine(): string {
  const [{ model }] = cpus();
  return `${model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, load average ${number(loadavg()[0])} at the end`;
}

const DASH = '–';

/** Median and, in brackets, minimum. */
function spread(turns: Turns | null): string {
  if (turns === null || turns.length === 0) return DASH;
  return `${number(median(turns))} (${number(Math.min(...turns))})`;
}

/** Median and, in brackets, maximum. */
function worst(turns: Turns): string {
  return `${number(median(turns))} (${number(Math.max(...turns))})`;
}

const median = (turns: Turns): number => [...turns].sort((a, b) => a - b)[turns.length >> 1];

function ratio(above: Turns | null, below: Turns | null): string {
  if (above === null || below === null || above.length === 0 || below.length === 0) return DASH;
  return number(Math.min(...above) / Math.min(...below));
}

const times = (runs: readonly WholeRun[]): number[] => runs.map(({ milliseconds }) => milliseconds);

const peak = (runs: readonly WholeRun[]): string =>
  runs.length === 0 ? DASH : number(Math.max(...runs.map(({ peakMegabytes }) => peakMegabytes)));

/** Milliseconds of all but the experiments, which PyTorch has no part in. */
function withoutExperiments({ milliseconds, output }: WholeRun): number {
  const experiments = stagesOf(output).find(({ stage }) => stage === 'experiment');
  return milliseconds - (experiments?.milliseconds ?? 0);
}

function stagesOf(output: string): readonly { readonly stage: string; readonly milliseconds: number }[] {
  return (JSON.parse(output) as { run: { stages: { stage: string; milliseconds: number }[] } }).run.stages;
}

/** Milliseconds of each stage in the fastest run. */
function stages(runs: readonly WholeRun[]): string {
  const fastest = [...runs].sort((a, b) => a.milliseconds - b.milliseconds)[0];
  return stagesOf(fastest.output)
    .map(({ stage, milliseconds }) => `${stage} ${milliseconds}`)
    .join(', ');
}

/** Three digits, more of a large number. */
function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)];
}
