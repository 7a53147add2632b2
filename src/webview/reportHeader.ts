import { formatCount, formatDuration, formatNumber, formatPlural, formatSize, shortName } from '../report/format';
import type { ProbeInput, Report } from '../report/report';
import { h, named, on, type Child } from './dom';
import type { Host } from './host';
import { icon } from './icons';
import type { ReportStore } from './reportStore';
import { TEXT } from './strings';
import { term, unbroken, withTip } from './tooltip';

export interface ReportHeader {
  readonly element: HTMLElement;
  /** Whether the model's file has changed since the report was made. */
  readonly setStale: (stale: boolean) => void;
}

/** The verdict in one line, what it is about, and the actions on the whole report. */
export function reportHeader({ report, verdict }: ReportStore, host: Host): ReportHeader {
  const { post } = host;
  const rerun = (primary: boolean): HTMLElement =>
    on(h('button', { class: primary ? 'button primary' : 'button', type: 'button' }, icon('rerun'), TEXT.runAgain), {
      onclick: () => post?.({ kind: 'runAgain' }),
    });
  const again = rerun(false);
  const actions = h(
    'div',
    { class: 'row actions' },
    again,
    on(h('button', { class: 'button', type: 'button' }, TEXT.export), { onclick: () => post?.({ kind: 'export' }) }),
  );
  const stale = h(
    'div',
    { class: 'stale', role: 'status', hidden: true },
    icon('warning'),
    h('div', {}, h('p', {}, TEXT.stale), post !== null && rerun(true)),
  );
  const element = h(
    'section',
    { class: 'verdict', 'aria-label': TEXT.verdict },
    h('h1', {}, icon(verdict.severity), h('span', {}, unbroken(verdict.headline))),
    h(
      'dl',
      { class: 'facts' },
      fact(TEXT.model, modelFact(report, host)),
      fact(term('probe'), probeFact(report, host)),
      report.probe.backward.loss !== null &&
        fact(TEXT.loss, `${formatNumber(report.probe.backward.loss.value)}, ${report.probe.backward.loss.name}`),
      fact(TEXT.run, `${startedAt(report.run.startedAt)}, ${TEXT.took(formatDuration(report.run.milliseconds))}`),
    ),
    post !== null && actions,
    stale,
  );
  return {
    element,
    setStale: (isStale) => {
      stale.hidden = !isStale;
      again.hidden = isStale;
    },
  };
}

const fact = (name: Child, value: Child): HTMLElement => h('div', {}, h('dt', {}, name), h('dd', {}, value));

function modelFact({ model, layers }: Report, { post }: Host): Child {
  const size = `, ${formatPlural(layers.length, 'layer').replace(' ', '\u00a0')}, ${formatSize(model.parameters)}\u00a0weights`;
  if (post === null) return [named(shortName(model.name)), size];
  const open = withTip(h('button', { class: 'link', type: 'button' }, named(shortName(model.name))), TEXT.openModel);
  return [on(open, { onclick: () => post({ kind: 'openFile' }) }), size];
}

const SOURCES: Readonly<Record<Exclude<ProbeInput['source'], 'data'>, string>> = {
  uniform: 'random uniform',
  normal: 'random normal',
  integers: 'random integers',
};

/** Where the values of an input came from: a file's name or a distribution. */
export function inputSource(input: ProbeInput): string {
  return input.source === 'data' ? shortName(input.file ?? 'data') : SOURCES[input.source];
}

function probeFact({ probe }: Report, { post }: Host): Child {
  const sources = [...new Set(probe.inputs.map(inputSource))].join(', ');
  const text = `${formatCount(probe.samples)} samples, ${sources}, ${TEXT.seed(probe.seed)}`;
  const synthetic = probe.inputs.some(({ source }) => source !== 'data');
  if (post === null || !synthetic) return text;
  const use = on(h('button', { class: 'link', type: 'button' }, TEXT.useData), {
    onclick: () => post({ kind: 'diagnoseWithData' }),
  });
  return [text, ' ', use];
}

/** Local date and time of an ISO 8601 instant; the text itself when it is not one. */
function startedAt(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const today = new Date().toDateString() === date.toDateString();
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(date);
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }).format(date);
  return today ? `today ${time}` : `${day} ${time}`;
}
