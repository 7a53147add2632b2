import { formatCount, shortName } from '../report/format';
import type { Finding, LayerReport, RuleId } from '../report/report';
import { findingCounts, passedChecks } from '../report/verdict';
import { h, named, on, s, type Child } from './dom';
import type { Host } from './host';
import { icon } from './icons';
import { goTo } from './layerDetail';
import type { ReportStore } from './reportStore';
import type { Section } from './section';
import { TEXT } from './strings';
import { suggestionList } from './suggestionList';
import { explainer, unbroken, withTip } from './tooltip';

export interface FindingList extends Section {
  /** Opens the finding of a rule about a layer and brings it into view; false when there is none. */
  reveal(layer: string | null, rule: RuleId): boolean;
}

/** What is wrong, worst first; for a network without problems what was checked. */
export function findingList(store: ReportStore, host: Host, showLayer: (index: number) => void): FindingList {
  const { report, verdict } = store;
  const items = report.findings.map((finding, index) => findingItem(store, host, finding, index, showLayer));
  const list =
    items.length > 0 &&
    h(
      'ol',
      {},
      items.map(({ element }) => element),
    );
  const ignored =
    store.ignored.length > 0 && h('p', { class: 'small muted ignored' }, TEXT.ignored(store.ignored.join(', ')));
  const element =
    verdict.problems > 0
      ? h(
          'section',
          { class: 'findings' },
          h('h2', {}, TEXT.findings, h('span', { class: 'muted' }, findingCounts(verdict))),
          list,
          ignored,
        )
      : h(
          'section',
          { class: 'findings' },
          checks(store),
          ignored,
          list && [h('h2', { class: 'next' }, TEXT.notes), list],
        );
  return {
    element,
    reveal: (layer, rule) => {
      const named = (finding: Finding): boolean =>
        finding.layer === layer || (layer !== null && finding.alsoIn.includes(layer));
      const index = report.findings.findIndex((finding) => finding.rule === rule && named(finding));
      if (index < 0) return false;
      items[index].reveal();
      return true;
    },
  };
}

function checks({ report, ignored }: ReportStore): Child {
  const passed = passedChecks(report, ignored);
  return [
    passed.length > 0 && [
      h('h2', {}, TEXT.checked, h('span', { class: 'muted' }, TEXT.checksPassed(passed.length))),
      h(
        'dl',
        { class: 'checks' },
        passed.map(({ title, detail }) => [icon('healthy'), h('div', {}, h('dt', {}, title), h('dd', {}, detail))]),
      ),
    ],
    [...report.probe.limits, report.probe.backward.unknown]
      .filter((text) => text !== null)
      .map((text) => h('p', { class: 'small muted limit' }, text)),
  ];
}

function findingItem(
  store: ReportStore,
  host: Host,
  finding: Finding,
  index: number,
  showLayer: (index: number) => void,
): { element: HTMLElement; reveal(): void } {
  const subject = finding.layer === null ? TEXT.wholeNetwork : shortName(finding.layer);
  const others = finding.alsoIn.filter((name) => name !== finding.layer).length;
  const summary = h(
    'summary',
    {},
    icon('chevron', 'chevron'),
    icon(finding.severity),
    h(
      'h3',
      {},
      h('b', {}, named(subject)),
      ' ',
      unbroken(finding.title),
      others > 0 && h('span', { class: 'muted' }, ` ${TEXT.moreLayers(others)}`),
    ),
  );
  const details = h('details', { class: 'finding' }, summary);
  let body: HTMLElement | null = null;
  const fill = (): void => {
    if (body !== null) return;
    body = evidence(store, host, finding, index, showLayer);
    details.append(body);
  };
  if (store.isOpen(index)) {
    fill();
    details.open = true;
  }
  on(details, {
    ontoggle: () => {
      if (details.open) fill();
      store.setOpen(index, details.open);
    },
  });
  return {
    element: h('li', {}, details),
    reveal: () => {
      fill();
      details.open = true;
      details.scrollIntoView({ block: 'nearest' });
      summary.focus({ preventScroll: true });
    },
  };
}

function evidence(
  store: ReportStore,
  host: Host,
  finding: Finding,
  index: number,
  showLayer: (index: number) => void,
): HTMLElement {
  const at = store.indexOf(finding.layer);
  const layer = at === null ? null : store.layers[at];
  const explained = explainer();
  const { cause } = finding;
  return h(
    'div',
    { class: 'evidence' },
    h('h4', {}, h('span', {}, TEXT.measured), h('span', {}, explained(finding.confidence.text))),
    finding.rule === 'dead-relu' && stackedUnits(layersOf(store, finding)),
    finding.measured.map((text) => h('p', {}, explained(text))),
    cause !== null && [
      h('h4', {}, TEXT.cause),
      h(
        'p',
        {},
        h('b', {}, /[.:!?]$/.test(cause.title) ? cause.title : `${cause.title}.`),
        ' ',
        explained(cause.explanation),
      ),
    ],
    h('h4', {}, TEXT.why),
    h('p', {}, explained(finding.why)),
    finding.suggestions.length > 0 && suggestionList(finding.suggestions, `fix-${index}`, store, host),
    h(
      'div',
      { class: 'row finding-actions' },
      at !== null &&
        on(h('button', { class: 'link', type: 'button' }, TEXT.showLayer), { onclick: () => showLayer(at) }),
      layer !== null && goTo(store.report, layer, host),
      ruleLinks(finding.rule, host),
    ),
  );
}

function ruleLinks(rule: RuleId, { post }: Host): Child {
  if (post === null) return h('span', { class: 'id small muted' }, rule);
  const ignore = withTip(h('button', { class: 'link', type: 'button' }, TEXT.ignoreRule), TEXT.ignoreRuleTip(rule));
  const explain = withTip(h('button', { class: 'link id small', type: 'button' }, rule), TEXT.explainRule(rule));
  return [
    on(ignore, { onclick: () => post({ kind: 'ignoreRule', rule }) }),
    on(explain, { onclick: () => post({ kind: 'explainRule', rule }) }),
  ];
}

const PARTS = [
  { state: 'proved', role: 'f-bad', word: 'proved' },
  { state: 'confident', role: 'hatch', word: 'at 95%' },
  { state: 'suspected', role: 'f-warn', word: 'suspected' },
  { state: 'dormant', role: 'f-muted', word: 'dormant' },
  { state: 'alive', role: 'f-soft', word: 'alive' },
] as const;

function layersOf(store: ReportStore, finding: Finding): LayerReport[] {
  return [...new Set([finding.layer, ...finding.alsoIn])].flatMap((name) => {
    const index = store.indexOf(name);
    return index === null ? [] : [store.layers[index]];
  });
}

/** The grades of dead in all these layers as one bar; a part is labelled where its label fits. */
function stackedUnits(layers: readonly LayerReport[]): Child {
  const counts = { proved: 0, confident: 0, suspected: 0, dormant: 0, alive: 0 };
  for (const { dead, units } of layers) {
    if (dead === null || units === null) continue;
    counts.alive += units;
    for (const state of ['proved', 'confident', 'suspected', 'dormant'] as const) {
      counts[state] += dead[state].length;
      counts.alive -= dead[state].length;
    }
  }
  const units = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (units === 0) return null;
  const parts = PARTS.map((part) => ({ ...part, count: counts[part.state] })).filter(({ count }) => count > 0);
  const label = parts.map(({ count, word }) => `${formatCount(count)} ${word}`).join(', ');
  return h(
    'div',
    { class: 'stack', role: 'img', 'aria-label': label },
    parts.map(({ count, role, word }) => {
      const part = h(
        'span',
        { class: 'part' },
        role === 'hatch' ? hatched() : h('span', { class: `piece ${role}` }),
        count / units >= 0.24 && h('span', { class: 'small muted' }, `${formatCount(count)} ${word}`),
      );
      part.style.flexGrow = String(count);
      return part;
    }),
  );
}

let patterns = 0;

function hatched(): SVGElement {
  const id = `hatch-${patterns++}`;
  const stripe = s('rect', { width: 1.8, height: 4, class: 'f-bad' });
  const attributes = { id, width: 4, height: 4, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' };
  return s(
    'svg',
    { class: 'piece' },
    s('defs', {}, s('pattern', attributes, stripe)),
    s('rect', { width: '100%', height: '100%', fill: `url(#${id})` }),
  );
}
