/** What the panel shows while there is no report. */

import { shortName } from '../report/format';
import type { FromPanel, PanelState, Progress } from '../report/protocol';
import { h, on } from './dom';
import type { Host } from './host';
import { icon } from './icons';
import { STAGES, TEXT } from './strings';

type State<K extends PanelState['kind']> = Extract<PanelState, { kind: K }>;

const button = (label: string, primary: boolean, { post }: Host, message: FromPanel): HTMLElement | null =>
  post === null
    ? null
    : on(h('button', { class: primary ? 'button primary' : 'button', type: 'button' }, label), {
        onclick: () => post(message),
      });

const page = (...children: (Node | null)[]): HTMLElement => h('div', { class: 'page' }, children);

/** What it does, one action, and where the data stay. */
export function emptyView(host: Host): HTMLElement {
  const open = button(TEXT.openModelButton, true, host, { kind: 'diagnose' });
  return page(
    h(
      'section',
      { class: 'state welcome' },
      h('h1', {}, open === null ? TEXT.nothingShown : TEXT.emptyTitle),
      h('p', {}, TEXT.emptyWhat),
      h('div', { class: 'row' }, open),
      h('p', { class: 'muted' }, TEXT.emptyPrivacy),
    ),
  );
}

/** What was wrong, where, what to do. */
export function problemView({ model, problem }: State<'problem'>, host: Host): HTMLElement {
  const place = problem.place ?? model;
  return page(
    h(
      'section',
      { class: 'state', role: 'alert' },
      h('h1', {}, icon('error'), h('span', {}, problem.message)),
      place !== null &&
        h('dl', { class: 'facts' }, h('div', {}, h('dt', {}, TEXT.where), h('dd', { class: 'id' }, place))),
      problem.remedy !== null && h('p', {}, problem.remedy),
      h(
        'div',
        { class: 'row' },
        model === null
          ? button(TEXT.openModelButton, true, host, { kind: 'diagnose' })
          : [
              button(TEXT.tryAgain, true, host, { kind: 'runAgain' }),
              button(TEXT.openFile, false, host, { kind: 'openFile' }),
            ],
      ),
      h('p', { class: 'small muted' }, `${TEXT.errorCode} `, h('span', { class: 'id' }, problem.code)),
    ),
  );
}

export interface RunningView {
  readonly element: HTMLElement;
  /** Shows further progress without redrawing, so that Cancel keeps its focus. */
  update(state: State<'running'>): void;
  dispose(): void;
}

/** The stages with the amount done, and Cancel. */
export function runningView(state: State<'running'>, host: Host): RunningView {
  const fill = h('span', { class: 'fill' });
  const track = h('div', { class: 'progress', role: 'progressbar', 'aria-label': TEXT.progress }, fill);
  const elapsed = h('span', { class: 'muted' });
  const lines = STAGES.map(({ stage, label }) => {
    const mark = h('span', { class: 'mark' });
    const detail = h('span', { class: 'muted' });
    const line = h('li', {}, mark, h('span', {}, label), detail);
    return { stage, mark, detail, line };
  });
  const title = h('h1');
  const cancel = button(TEXT.cancel, false, host, { kind: 'cancel' });
  const element = page(
    h(
      'section',
      { class: 'state', 'aria-busy': 'true' },
      title,
      track,
      h(
        'ol',
        { class: 'stages' },
        lines.map(({ line }) => line),
      ),
      h('div', { class: 'row' }, cancel, elapsed),
    ),
  );
  let current: State<'running'> = state;
  const tick = (): void => {
    elapsed.textContent = TEXT.elapsed(Math.max(0, Math.floor((Date.now() - current.startedAt) / 1000)));
  };
  const update = (next: State<'running'>): void => {
    current = next;
    title.textContent = TEXT.running(shortName(next.model, 60));
    const at = STAGES.findIndex(({ stage }) => stage === next.progress.stage);
    lines.forEach(({ mark, detail, line }, index) => {
      const phase = index < at ? 'done' : index === at ? 'now' : 'todo';
      if (line.className !== phase) {
        line.className = phase;
        mark.replaceChildren(icon(phase, ...(phase === 'now' ? ['spin'] : [])));
      }
      detail.textContent = index === at ? (next.progress.detail ?? '') : '';
    });
    const share = overall(next.progress, at);
    fill.style.inlineSize = `${share * 100}%`;
    track.setAttribute('aria-valuenow', String(Math.round(share * 100)));
    tick();
  };
  update(state);
  const timer = setInterval(tick, 1000);
  return { element, update, dispose: () => clearInterval(timer) };
}

/** Stages count alike: how long each will take is not known beforehand. */
function overall({ done }: Progress, stage: number): number {
  return (Math.max(0, stage) + Math.min(1, Math.max(0, done ?? 0))) / STAGES.length;
}
