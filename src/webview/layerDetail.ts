import { layerPlace } from '../report/layerPlace';
import type { LayerReport, Report } from '../report/report';
import { h, named, on, replace, s, type Child } from './dom';
import { histogram } from './histogram';
import type { Host } from './host';
import { icon } from './icons';
import { distributionNote, layerFacts, type Fact } from './layerFacts';
import { describeLayer } from './layerWords';
import type { ReportStore } from './reportStore';
import type { Section } from './section';
import { TERMS, TEXT } from './strings';
import { define, hideTip, term, unbroken, withTip } from './tooltip';
import { unitMap } from './unitMap';

const PAIR_GAP = 16;

/** Everything about the selected layer. */
export function layerDetail(store: ReportStore, host: Host): Section & { focus(): void } {
  const element = h('section', { class: 'detail', 'aria-label': TEXT.detail });
  const draw = (): void => {
    const layer = store.layers[store.selected];
    if (layer === undefined) return;
    hideTip();
    const { health, reason } = store.healths[store.selected];
    const width = contentWidth(element);
    replace(
      element,
      h(
        'h2',
        { tabindex: -1 },
        icon(health),
        named(layer.name),
        h('span', { class: 'muted' }, TEXT.layerOf(store.selected, store.layers.length)),
      ),
      h('p', { class: 'muted' }, describeLayer(layer)),
      h('p', {}, sentence(reason)),
      goTo(store.report, layer, host),
      unitMap(layer, width, store.report.probe.samples),
      distributions(layer, width, element),
      factTable(layerFacts(store.report, layer)),
      layer.unknown.length > 0 && [
        h('h3', {}, TEXT.notMeasured),
        layer.unknown.map((text) => h('p', { class: 'small muted' }, text)),
      ],
    );
  };
  return {
    element,
    layout: draw,
    select: draw,
    focus: () => {
      element.scrollIntoView({ block: 'nearest' });
      element.querySelector('h2')?.focus({ preventScroll: true });
    },
  };
}

/** Link to the place in the model's file; null where there is none to go to. */
export function goTo(report: Report, layer: LayerReport, { post }: Host): HTMLElement | null {
  if (post === null || layerPlace(report, layer) === null) return null;
  const button = withTip(h('button', { class: 'link', type: 'button' }, TEXT.goToLayer), TEXT.goToLayerTip);
  return on(button, { onclick: () => post({ kind: 'goToLayer', layer: layer.name }) });
}

const sentence = (reason: string): string => `${reason[0]?.toUpperCase() ?? ''}${reason.slice(1)}.`;

function contentWidth(element: HTMLElement): number {
  const { paddingLeft, paddingRight } = getComputedStyle(element);
  return element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
}

function distributions(layer: LayerReport, width: number, host: Element): HTMLElement | null {
  const half = (width - PAIR_GAP) / 2;
  const parts = (['pre', 'post'] as const).flatMap((which) => {
    const statistics = which === 'pre' ? layer.preActivation : layer.output;
    if (statistics === null) return [];
    const dim = which === 'pre' && layer.dead !== null;
    const drawn = histogram(which, statistics, half, distributionNote(layer, which), dim, host);
    return drawn === null ? [] : [drawn];
  });
  return parts.length === 0 ? null : h('div', { class: 'pair' }, parts);
}

function factTable(facts: readonly Fact[]): HTMLElement | null {
  if (facts.length === 0) return null;
  const head = h(
    'tr',
    {},
    h('th', { scope: 'col' }, TEXT.quantity),
    h('th', { scope: 'col', class: 'num' }, TEXT.measured),
    h('th', { scope: 'col', class: 'num' }, term('expected')),
  );
  const rows = facts.map((fact) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, label(fact)),
      h('td', { class: fact.off === null ? 'num' : 'num off' }, marker(fact.off), unbroken(fact.measured)),
      h('td', { class: 'num muted' }, unbroken(fact.expected)),
    ),
  );
  return h('table', { class: 'theory' }, h('thead', {}, head), h('tbody', {}, rows));
}

function label({ term: key, subject }: Fact): Child {
  const [name, explanation] = TERMS[key];
  if (subject === null) return term(key);
  const text = `${subject.name} ${name}`;
  return define(text[0].toUpperCase() + text.slice(1), explanation + subject.note);
}

function marker(off: Fact['off']): Child {
  if (off === null) return null;
  return s(
    'svg',
    { viewBox: '0 0 9 9', role: 'img', 'aria-label': off === 'low' ? TEXT.tooLow : TEXT.tooHigh },
    s('path', { d: off === 'low' ? 'M0 1h9L4.5 8.5z' : 'M0 8.5h9L4.5 1z', class: 'f-bad' }),
  );
}
