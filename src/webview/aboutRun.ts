import { formatDuration, formatNumber } from '../report/format';
import { backwardLine, inputLine, modelLine, samplesLine } from '../report/render/words';
import type { Experiments, Report } from '../report/report';
import { h, type Child } from './dom';
import { icon } from './icons';
import { TEXT } from './strings';
import { explainer } from './tooltip';

/** Everything that is needed to repeat the run and to know what it cannot see, closed at first. */
export function aboutRun(report: Report): HTMLElement {
  const { model, probe, run, tool, experiments } = report;
  const explained = explainer();
  const file = h('p', {}, h('span', { class: 'id' }, model.file.path), `, ${model.file.format}`);
  const makers = [model.file.generatedBy, model.file.convertedBy].filter((maker) => maker !== null);
  const rows: readonly (readonly [string, readonly (string | Node)[]])[] = [
    [TEXT.file, [file]],
    [TEXT.madeBy, makers],
    [TEXT.repaired, model.file.notes],
    [TEXT.model, [modelLine(report)]],
    [TEXT.probe, [samplesLine(report), ...probe.inputs.map(inputLine)]],
    [TEXT.backwardPass, [backwardLine(report)]],
    [TEXT.experiments, experimentLines(experiments)],
    [TEXT.limits, probe.limits],
    [TEXT.time, [run.stages.map(({ stage, milliseconds }) => `${stage} ${formatDuration(milliseconds)}`).join(', ')]],
    [TEXT.version, [`${tool.name} ${tool.version}`]],
  ];
  const paragraph = (value: string | Node): Child => (typeof value === 'string' ? h('p', {}, explained(value)) : value);
  return h(
    'section',
    { class: 'about' },
    h(
      'details',
      {},
      h('summary', {}, icon('chevron', 'chevron'), h('h2', {}, TEXT.about)),
      h(
        'dl',
        { class: 'facts' },
        rows
          .filter(([, values]) => values.length > 0)
          .map(([name, values]) => h('div', {}, h('dt', {}, name), h('dd', {}, values.map(paragraph)))),
      ),
    ),
  );
}

function experimentLines({ fresh, samples, learningRates, unknown }: Experiments): string[] {
  const lines: string[] = [];
  if (fresh !== null) lines.push(TEXT.freshCopies(fresh.count, samples));
  if (learningRates !== null) {
    const { optimizer, highestSafeRate, configuredRate, rates } = learningRates;
    lines.push(
      highestSafeRate === null ? TEXT.noSafeRate(optimizer) : TEXT.safeRate(optimizer, formatNumber(highestSafeRate)),
    );
    const configured = rates.find(({ rate }) => rate === configuredRate);
    if (configured !== undefined) {
      lines.push(TEXT.silencedAt(configured.newlySilentAfterFive, formatNumber(configured.rate)));
    }
  }
  return [...lines, ...unknown];
}
