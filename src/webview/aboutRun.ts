import { formatDuration, formatNumber, formatShape } from '../report/format';
import type { ProbeInput, Report } from '../report/report';
import { h, named, type Child } from './dom';
import { icon } from './icons';
import { inputSource } from './reportHeader';
import { TEXT } from './strings';
import { explainer } from './tooltip';

/** Everything that is needed to repeat the run and to know what it cannot see, closed at first. */
export function aboutRun(report: Report): HTMLElement {
  const { model, probe, run, tool } = report;
  const explained = explainer();
  const { training } = model;
  const rows: (readonly [string, Child[]])[] = [
    [TEXT.file, [h('span', { class: 'id' }, model.file.path), `, ${model.file.format}`]],
    [TEXT.madeBy, list([model.file.generatedBy, model.file.convertedBy])],
    [TEXT.repaired, [...model.file.notes]],
    [TEXT.inputs, probe.inputs.map(describeInput)],
    [TEXT.backwardPass, [probe.backward.unknown ?? TEXT.samplesBackward(probe.backward.samples)]],
    [
      TEXT.training,
      training === null
        ? []
        : list([
            training.optimizer,
            training.learningRate === null ? null : TEXT.learningRate(formatNumber(training.learningRate)),
            ...training.losses,
          ]),
    ],
    [TEXT.limits, [...probe.limits]],
    [TEXT.time, [run.stages.map(({ stage, milliseconds }) => `${stage} ${formatDuration(milliseconds)}`).join(', ')]],
    [TEXT.version, [`${tool.name} ${tool.version}`]],
  ];
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
          .filter(([, values]) => values.some((value) => value !== ''))
          .map(([name, values]) =>
            h(
              'div',
              {},
              h('dt', {}, name),
              h(
                'dd',
                {},
                name === TEXT.file
                  ? values
                  : values.map((value) => h('p', {}, typeof value === 'string' ? explained(value) : value)),
              ),
            ),
          ),
      ),
    ),
  );
}

function list(values: readonly (string | null)[]): Child[] {
  const known = values.filter((value) => value !== null && value !== '');
  return known.length === 0 ? [] : [known.join(', ')];
}

function describeInput(input: ProbeInput): Child {
  const range =
    input.minimum === null || input.maximum === null
      ? ''
      : `, ${formatNumber(input.minimum)} to ${formatNumber(input.maximum)}`;
  const moments =
    input.mean === null ? '' : `, ${TEXT.meanSpread(formatNumber(input.mean), formatNumber(input.standardDeviation))}`;
  return h('span', {}, named(input.name), ` ${formatShape(input.shape)}: ${inputSource(input)}${range}${moments}`);
}
