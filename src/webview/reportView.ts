import { formatShape } from '../report/format';
import type { ToPanel } from '../report/protocol';
import { aboutRun } from './aboutRun';
import { h } from './dom';
import { findingList } from './findingList';
import { flowSection } from './flowChart';
import type { Host } from './host';
import { layerDetail } from './layerDetail';
import { layerTable } from './layerTable';
import { reportHeader } from './reportHeader';
import type { ReportStore } from './reportStore';
import type { Section } from './section';
import { stripSection } from './strip';
import { TEXT } from './strings';
import { define, hideTip } from './tooltip';

/** More shapes than this are counted instead. */
const MOST_SHAPES = 2;

export interface ReportView {
  readonly element: HTMLElement;
  /** To be called once the element stands in the page. */
  attach(): void;
  setStale(stale: boolean): void;
  reveal(message: Extract<ToPanel, { kind: 'reveal' }>): void;
  dispose(): void;
}

/** The whole report on one page, all parts sharing one selected layer. */
export function reportView(store: ReportStore, host: Host): ReportView {
  const { model, layers } = store.report;
  const header = reportHeader(store, host);
  const strip = stripSection(store);
  const flow = flowSection(store, define);
  const table = layerTable(store);
  const detail = layerDetail(store, host);
  const showLayer = (index: number): void => {
    store.select(index);
    detail.focus();
  };
  const findings = findingList(store, host, showLayer);
  const shapes = (specs: typeof model.inputs): string =>
    specs.length > MOST_SHAPES
      ? TEXT.several(specs.length)
      : specs.map(({ shape }) => formatShape(shape.slice(1))).join(', ');
  const network = h(
    'section',
    { class: 'network' },
    h(
      'h2',
      {},
      TEXT.network,
      h('span', { class: 'muted' }, TEXT.networkSizes(shapes(model.inputs), shapes(model.outputs))),
    ),
    strip.element,
  );
  const element = h(
    'div',
    { class: 'page' },
    header.element,
    h('div', { class: 'top' }, findings.element, layers.length > 0 && h('div', {}, network, flow.element)),
    layers.length > 0 && h('div', { class: 'bottom' }, table.element, detail.element),
    aboutRun(store.report),
  );
  const sections: readonly Section[] = layers.length > 0 ? [strip, flow, table, detail] : [];
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    for (const section of sections) section.layout?.();
  });
  store.onSelect((index) => {
    hideTip();
    for (const section of sections) section.select?.(index);
  });
  return {
    element,
    attach: () => observer.observe(element),
    setStale: header.setStale,
    reveal: ({ layer, rule }) => {
      const index = store.indexOf(layer);
      if (index !== null) store.select(index);
      const found = rule !== null && findings.reveal(layer, rule);
      if (!found && index !== null) detail.focus();
    },
    dispose: () => observer.disconnect(),
  };
}
