import { shortName } from '../report/format';
import type { Health } from '../report/health';
import { h, named, on, replace, s, textWidth } from './dom';
import { icon } from './icons';
import { describeLayer, layerKind } from './layerWords';
import type { ReportStore } from './reportStore';
import { GUTTER, type Section } from './section';
import { TEXT } from './strings';

/** Fill height says the severity, colour repeats it. */
const FILL: Readonly<Record<Exclude<Health, 'unjudged'>, { readonly share: number; readonly role: string }>> = {
  error: { share: 1, role: 'f-bad' },
  warning: { share: 0.6, role: 'f-warn' },
  healthy: { share: 0.22, role: 'f-good' },
};

const ONE_ROW = 64;
const PER_ROW = 50;

interface Geometry {
  readonly perRow: number;
  readonly rows: number;
  readonly cell: number;
  readonly gap: number;
  readonly height: number;
  readonly pitch: number;
}

/** The network from input to output as one cell per layer; a listbox with one tab stop. */
export function stripSection(store: ReportStore): Section {
  const svg = s('svg', { class: 'strip', tabindex: 0, role: 'listbox', 'aria-label': TEXT.layersFromInput });
  const readout = h('p', { class: 'readout', 'aria-live': 'polite' });
  const element = h('div', {}, h('div', {}, svg), readout);
  const ring = s('rect', { class: 'l-fg', 'stroke-width': 1.5 });
  let geometry: Geometry | null = null;
  let options: SVGGElement[] = [];
  let shown = -1;
  let chosen: SVGGElement | null = null;

  const say = (index: number): void => {
    if (index === shown) return;
    shown = index;
    const layer = store.layers[index];
    const { health, reason } = store.healths[index];
    replace(
      readout,
      icon(health),
      h(
        'span',
        {},
        h('b', {}, named(shortName(layer.name))),
        ` ${reason}`,
        h('br'),
        h('span', { class: 'muted' }, `${TEXT.position(index, store.layers.length)}: ${describeLayer(layer)}`),
      ),
    );
  };

  const corner = (index: number, { perRow, cell, pitch }: Geometry): { x: number; y: number } => ({
    x: GUTTER + (index % perRow) * cell,
    y: Math.floor(index / perRow) * pitch,
  });

  const mark = (index: number): void => {
    if (geometry === null) return;
    const { x, y } = corner(index, geometry);
    const width = geometry.cell - geometry.gap + 3;
    for (const [name, value] of Object.entries({ x: x - 1.5, y: y - 1.5, width, height: geometry.height + 3 })) {
      ring.setAttribute(name, value.toFixed(2));
    }
    chosen?.setAttribute('aria-selected', 'false');
    chosen = options[index] ?? null;
    chosen?.setAttribute('aria-selected', 'true');
    svg.setAttribute('aria-activedescendant', `cell-${index}`);
    say(index);
  };

  const layout = (): void => {
    const width = element.clientWidth;
    const count = store.layers.length;
    if (width <= GUTTER || count === 0) return;
    const rows = count <= ONE_ROW ? 1 : Math.ceil(count / PER_ROW);
    const perRow = Math.ceil(count / rows);
    const cell = (width - GUTTER) / perRow;
    const height = rows > 1 ? 16 : width > 340 ? 32 : 26;
    const pitch = height + (rows > 1 ? 18 : 22);
    const sizes: Geometry = { perRow, rows, cell, gap: cell >= 16 ? 2 : cell >= 4 ? 1 : 0, height, pitch };
    geometry = sizes;
    svg.setAttribute('width', String(width));
    svg.setAttribute('height', String(pitch * rows));
    const gutter = Array.from({ length: rows }, (_, row) =>
      s(
        'text',
        { x: GUTTER - 8, y: row * pitch + height / 2 + 4, 'text-anchor': 'end', 'aria-hidden': 'true' },
        rows > 1 ? String(row * perRow + 1) : TEXT.inArrow,
      ),
    );
    options = store.layers.map((layer, index) => {
      const { x, y } = corner(index, sizes);
      const { health, reason } = store.healths[index];
      const label = `${index + 1} ${layer.name}, ${describeLayer(layer)}, ${TEXT[health]}: ${reason}`;
      const option = s('g', { role: 'option', id: `cell-${index}`, 'aria-selected': 'false', 'aria-label': label });
      const cellWidth = Math.max(1, cell - sizes.gap);
      if (health === 'unjudged') {
        const outline = { x: x + 0.5, y: y + 0.5, width: Math.max(0.5, cellWidth - 1), height: height - 1 };
        option.append(s('rect', { ...outline, class: 'l-soft', 'stroke-dasharray': '2 2' }));
      } else {
        const filled = Math.round(height * FILL[health].share);
        option.append(
          s('rect', { x, y, width: cellWidth, height, class: 'f-faint' }),
          s('rect', { x, y: y + height - filled, width: cellWidth, height: filled, class: FILL[health].role }),
        );
      }
      return option;
    });
    svg.replaceChildren(...gutter, ...options, ring, ...kindBrackets(store, sizes, svg));
    mark(store.selected);
  };

  const at = ({ clientX, clientY }: MouseEvent): number => {
    if (geometry === null) return store.selected;
    const box = svg.getBoundingClientRect();
    const clamp = (value: number, count: number): number => Math.min(count - 1, Math.max(0, Math.floor(value)));
    const column = clamp((clientX - box.left - GUTTER) / geometry.cell, geometry.perRow);
    const row = clamp((clientY - box.top) / geometry.pitch, geometry.rows);
    return Math.min(store.layers.length - 1, row * geometry.perRow + column);
  };
  on(svg, {
    onmousemove: (event) => say(at(event)),
    onmouseleave: () => say(store.selected),
    onclick: (event) => store.select(at(event)),
    onkeydown: (event) => {
      const row = geometry !== null && geometry.rows > 1 ? geometry.perRow : 1;
      const end = store.layers.length;
      const steps: Readonly<Record<string, number>> = {
        ArrowRight: 1,
        ArrowLeft: -1,
        ArrowDown: row,
        ArrowUp: -row,
        Home: -end,
        End: end,
      };
      const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
      if (step === undefined) return;
      event.preventDefault();
      store.select(store.selected + step);
    },
  });
  return { element, layout, select: mark };
}

/** Runs of layers of one kind, per row, with their label where it fits. */
function kindBrackets(store: ReportStore, sizes: Geometry, host: Element): SVGElement[] {
  const marks: SVGElement[] = [];
  const kinds = store.layers.map(layerKind);
  for (let first = 0; first < kinds.length; ) {
    const row = Math.floor(first / sizes.perRow);
    let last = first;
    while (kinds[last + 1] === kinds[first] && Math.floor((last + 1) / sizes.perRow) === row) last++;
    const left = GUTTER + (first % sizes.perRow) * sizes.cell;
    const right = GUTTER + ((last % sizes.perRow) + 1) * sizes.cell - sizes.gap;
    const top = row * sizes.pitch + sizes.height;
    const length = last - first + 1;
    const labels = length > 1 ? [`${kinds[first]} ×${length}`, kinds[first]] : [kinds[first]];
    const label = labels.find((text) => textWidth(text, host) <= right - left);
    if (label !== undefined) {
      const bracket = sizes.rows === 1 && length > 1;
      if (bracket) marks.push(s('path', { d: `M${left + 0.5} ${top + 3}v3H${right - 0.5}v-3`, class: 'l-soft' }));
      const y = top + (sizes.rows > 1 ? 13 : 18);
      marks.push(s('text', { x: (left + right) / 2, y, 'text-anchor': 'middle', 'aria-hidden': 'true' }, label));
    }
    first = last + 1;
  }
  return marks;
}
