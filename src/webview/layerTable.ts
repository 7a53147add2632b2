import { flowValues } from '../report/flow';
import { formatActivation, formatCount, shortName } from '../report/format';
import type { Health } from '../report/health';
import type { LayerReport } from '../report/report';
import { h, named, on } from './dom';
import { icon } from './icons';
import { layerColumns } from './layerColumns';
import { unitWord } from './layerWords';
import type { ReportStore } from './reportStore';
import type { Section } from './section';
import { TEXT } from './strings';
import { hideTip, withTip } from './tooltip';

/** More layers than this are cut down to the worst ones until all are asked for. */
const SHORT = 16;
const WORST = 8;
const HEALTH_RANK: Readonly<Record<Health, number>> = { error: 3, warning: 2, healthy: 1, unjudged: 0 };

/** Every layer with its numbers; a row opens by its name. */
export function layerTable(store: ReportStore): Section {
  const { layers, healths } = store;
  const columns = layerColumns(store);
  const gradients = flowValues(layers, 'backward');
  const count = layers.length;
  const note = h('span', { class: 'muted' });
  const body = h('tbody');
  const more = h('button', { class: 'link more', type: 'button' });
  const rows = new Map<number, { row: HTMLTableRowElement; pick: HTMLButtonElement }>();
  const depth = columns[0];

  const rowOf = (index: number): { row: HTMLTableRowElement; pick: HTMLButtonElement } => {
    const built = rows.get(index);
    if (built !== undefined) return built;
    const layer = layers[index];
    const pick = h(
      'button',
      { class: 'pick', type: 'button' },
      icon(healths[index].health),
      named(shortName(layer.name)),
      h('span', { class: 'sub' }, subtitle(layer)),
    );
    const [, ...rest] = columns;
    const row = h(
      'tr',
      {},
      h('th', { scope: 'row' }, pick),
      rest.map((column) => h('td', { class: column.class }, column.cell(index))),
    );
    on(row, { onclick: () => store.select(index) });
    const entry = { row, pick };
    rows.set(index, entry);
    return entry;
  };

  /** What the layers shown in depth order were chosen by. */
  const choice =
    store.verdict.problems > 0
      ? TEXT.worst
      : gradients.some((norm) => norm !== null)
        ? TEXT.leastGradient
        : TEXT.firstOf;

  const ordered = (): number[] => {
    const column = columns.find(({ key }) => key === store.sort?.column) ?? depth;
    const sign = store.sort?.descending === true ? -1 : 1;
    return layers.map((_, index) => index).sort((a, b) => compare(column.value(a), column.value(b), sign) || a - b);
  };

  const shownIndices = (): number[] => {
    const all = ordered();
    if (count <= SHORT || store.showAllLayers) return all;
    const worst = [...all.keys()].sort(
      (a, b) =>
        HEALTH_RANK[healths[b].health] - HEALTH_RANK[healths[a].health] ||
        (gradients[a] ?? Infinity) - (gradients[b] ?? Infinity) ||
        a - b,
    );
    const kept = new Set((store.sort === null ? worst : all).slice(0, WORST));
    return all.filter((index) => kept.has(index) || index === store.selected);
  };

  const headers = columns.map((column) => {
    const arrow = h('span', { class: 'arrow', 'aria-hidden': 'true' });
    const button = withTip(h('button', { type: 'button' }, column.label, arrow), column.tip);
    const header = h('th', { scope: 'col', class: column.class }, button);
    on(button, {
      onclick: () => {
        const current = store.sort ?? { column: depth.key, descending: false };
        const descending = current.column === column.key ? !current.descending : column.descendingFirst;
        store.sort = column === depth && !descending ? null : { column: column.key, descending };
        draw();
      },
    });
    return { column, header, arrow };
  });
  on(more, {
    onclick: () => {
      store.showAllLayers = !store.showAllLayers;
      draw();
    },
  });

  const draw = (): void => {
    hideTip();
    const focused = document.activeElement;
    const indices = shownIndices();
    body.replaceChildren(...indices.map((index) => rowOf(index).row));
    if (focused instanceof HTMLElement && body.contains(focused)) focused.focus({ preventScroll: true });
    const sorted = store.sort;
    for (const { column, header, arrow } of headers) {
      const current = column.key === (sorted?.column ?? depth.key);
      const descending = sorted?.descending === true;
      if (current) header.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      else header.removeAttribute('aria-sort');
      arrow.textContent = current && sorted !== null ? (descending ? ' ↓' : ' ↑') : '';
    }
    const cut = count > SHORT && !store.showAllLayers;
    const cutNote = (sorted === null ? choice : TEXT.firstOf)(WORST, count);
    note.textContent = cut ? cutNote : sorted === null ? TEXT.depthOrder : '';
    more.hidden = count <= SHORT;
    more.textContent = store.showAllLayers ? TEXT.showFewer : TEXT.showAll(count);
    highlight(store.selected);
  };

  let current: number | null = null;
  const highlight = (index: number): void => {
    const before = current === null ? undefined : rows.get(current);
    before?.row.classList.remove('on');
    before?.pick.removeAttribute('aria-current');
    const { row, pick } = rowOf(index);
    row.classList.add('on');
    pick.setAttribute('aria-current', 'true');
    current = index;
  };

  const element = h(
    'section',
    { class: 'table' },
    h('h2', {}, TEXT.layers, note),
    h(
      'table',
      { class: 'layers' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          headers.map(({ header }) => header),
        ),
      ),
      body,
    ),
    more,
  );
  if (count > 0) draw();
  return {
    element,
    select: (index) => {
      if (count > SHORT && !store.showAllLayers) draw();
      else highlight(index);
    },
  };
}

function subtitle(layer: LayerReport): string {
  if (layer.units === null) return layer.className;
  const units = `${formatCount(layer.units)} ${unitWord(layer, layer.units)}`;
  return layer.activation === null ? units : `${formatActivation(layer.activation)}, ${formatCount(layer.units)}`;
}

function compare(a: number | string | null, b: number | string | null, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return (a < b ? -1 : a > b ? 1 : 0) * sign;
}
