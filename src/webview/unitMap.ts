import { formatCount, formatNumber } from '../report/format';
import type { LayerReport } from '../report/report';
import { h, on, s } from './dom';
import { unitWord } from './layerWords';
import { TEXT } from './strings';
import { define } from './tooltip';

type UnitState = 'proved' | 'confident' | 'suspected' | 'dormant' | 'silent' | 'nonFinite' | 'alive';

/** More cells than this would be a grey area that says nothing; the counts beside the map are of all units. */
const MOST_CELLS = 4096;

interface Glyph {
  readonly state: UnitState;
  readonly label: string;
  readonly explanation: string;
  readonly role: string;
  /** Path of one cell of side `c` at the origin, relative commands after the first move. */
  draw(x: number, y: number, c: number): string;
}

const square = (x: number, y: number, c: number): string => `M${x} ${y}h${c}v${c}h${-c}z`;

/** Inner square and a diagonal cross inside it, for even-odd filling. */
function cross(x: number, y: number, c: number): string {
  const inset = Math.max(1.5, c * 0.22);
  const arm = Math.max(0.9, c * 0.1);
  const [left, top, size] = [x + inset, y + inset, c - 2 * inset];
  const half = size / 2;
  const reach = half - arm;
  return (
    `M${left + arm} ${top}l${reach} ${reach} ${reach} ${-reach} ${arm} ${arm} ${-reach} ${reach} ` +
    `${reach} ${reach} ${-arm} ${arm} ${-reach} ${-reach} ${-reach} ${reach} ${-arm} ${-arm} ${reach} ${-reach} ${-reach} ${-reach}z`
  );
}

const hollow = (x: number, y: number, c: number): string => {
  const line = c >= 7 ? 1.2 : 1;
  return square(x, y, c) + square(x + line, y + line, c - 2 * line);
};

/** Shape says the state, colour repeats it. */
const GLYPHS: readonly Glyph[] = [
  {
    state: 'proved',
    label: 'proved dead',
    explanation: 'No input in the declared range can make these fire.',
    role: 'f-bad',
    draw: (x, y, c) => square(x, y, c) + (c >= 7 ? cross(x, y, c) : ''),
  },
  {
    state: 'confident',
    label: 'dead, 95%',
    explanation: 'Never fired on the probe.',
    role: 'f-bad',
    draw: (x, y, c) => hollow(x, y, c) + (c >= 7 ? cross(x, y, c) : ''),
  },
  {
    state: 'suspected',
    label: 'suspected',
    explanation: 'Fired on fewer than 1% of the samples.',
    role: 'f-warn',
    draw: (x, y, c) => `M${x} ${y}h${c}v${c}z`,
  },
  {
    state: 'dormant',
    label: 'dormant',
    explanation: 'Fire, but at most 2.5% as strongly as the average unit of the layer.',
    role: 'f-muted',
    draw: (x, y, c) => {
      const r = c * 0.22;
      return `M${x + c / 2 - r} ${y + c / 2}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
    },
  },
  {
    state: 'silent',
    label: 'silent',
    explanation: 'Output exactly 0 on every sample, although the activation cannot die.',
    role: 'f-muted',
    draw: hollow,
  },
  {
    state: 'nonFinite',
    label: 'not finite',
    explanation: 'Gave NaN or infinity on at least one sample.',
    role: 'f-bad',
    draw: (x, y, c) => `M${x + c / 2} ${y}l${c / 2} ${c / 2} ${-c / 2} ${c / 2} ${-c / 2} ${-c / 2}z`,
  },
  { state: 'alive', label: 'alive', explanation: 'Fire normally.', role: 'f-soft', draw: square },
];

/** State of each unit; null for layers without units. */
function unitStates(layer: LayerReport): UnitState[] | null {
  if (layer.units === null) return null;
  const states = new Array<UnitState>(layer.units).fill('alive');
  const paint = (units: readonly number[], state: UnitState): void => {
    for (const unit of units) if (unit < states.length) states[unit] = state;
  };
  paint(layer.silentUnits, 'silent');
  if (layer.dead !== null) {
    for (const state of ['dormant', 'suspected', 'confident', 'proved'] as const) paint(layer.dead[state], state);
  }
  const broken = (layer.output?.perUnit?.nonFinite ?? []).flatMap((count, unit) => (count > 0 ? [unit] : []));
  paint(broken, 'nonFinite');
  return states;
}

/** Which key entries are worth a line even when their count is 0. */
function alwaysShown(layer: LayerReport): readonly UnitState[] {
  return layer.dead === null ? ['alive'] : ['proved', 'confident', 'suspected', 'dormant', 'alive'];
}

/** One cell per unit with a key that counts them; null for layers without units. `samples` is the size of the probe. */
export function unitMap(layer: LayerReport, width: number, samples: number): HTMLElement | null {
  const states = unitStates(layer);
  if (states === null || states.length === 0 || width <= 0) return null;
  const drawn = Math.min(states.length, MOST_CELLS);
  const cell = drawn <= 64 ? 14 : drawn <= 256 ? 11 : drawn <= 1024 ? 7 : 4;
  const pitch = cell + (cell > 7 ? 2 : 1);
  const perRow = Math.max(1, Math.floor((width + pitch - cell) / pitch));
  const paths = new Map<UnitState, string[]>();
  const totals = new Map<UnitState, number>();
  states.forEach((state, unit) => {
    totals.set(state, (totals.get(state) ?? 0) + 1);
    if (unit >= drawn) return;
    const glyph = GLYPHS.find((candidate) => candidate.state === state)!;
    const list = paths.get(state) ?? [];
    if (list.length === 0) paths.set(state, list);
    list.push(glyph.draw((unit % perRow) * pitch, Math.floor(unit / perRow) * pitch, cell));
  });
  const present = GLYPHS.filter(({ state }) => totals.has(state));
  const word = unitWord(layer);
  const counted = present.map(({ state, label }) => `${totals.get(state)} ${label}`).join(', ');
  const svg = s(
    'svg',
    {
      class: 'map',
      width: Math.min(width, perRow * pitch),
      height: Math.ceil(drawn / perRow) * pitch - (pitch - cell),
      role: 'img',
      'aria-label': `${TEXT.mapOf(`${formatCount(states.length)} ${word}`)}: ${counted}`,
    },
    present.map(({ state, role }) =>
      s('path', { class: `${role} u-${state}`, d: (paths.get(state) ?? []).join(''), 'fill-rule': 'evenodd' }),
    ),
  );
  const emphasise = (state: UnitState | null): void => {
    svg.classList.toggle('dim', state !== null);
    for (const path of svg.children) path.classList.toggle('keep', path.classList.contains(`u-${state ?? ''}`));
  };
  const keyed = alwaysShown(layer);
  const key = h(
    'ul',
    { class: 'key' },
    GLYPHS.filter(({ state }) => totals.has(state) || keyed.includes(state)).map((glyph) => {
      const total = totals.get(glyph.state) ?? 0;
      const sample = s('path', { class: glyph.role, d: glyph.draw(0.5, 0.5, 11), 'fill-rule': 'evenodd' });
      const item = h(
        'li',
        { class: total === 0 ? 'zero' : null },
        s('svg', { width: 12, height: 12, 'aria-hidden': 'true' }, sample),
        h('span', { class: 'num' }, formatCount(total)),
        h('span', {}, define(glyph.label, explain(glyph, layer))),
      );
      return on(item, {
        onmouseenter: () => emphasise(total > 0 ? glyph.state : null),
        onmouseleave: () => emphasise(null),
      });
    }),
  );
  const readout = h('p', { class: 'small muted unit', 'aria-hidden': 'true' });
  on(svg, {
    onmousemove: ({ clientX, clientY }) => {
      const box = svg.getBoundingClientRect();
      const column = Math.floor((clientX - box.left) / pitch);
      const unit = Math.floor((clientY - box.top) / pitch) * perRow + column;
      readout.textContent =
        column < perRow && unit >= 0 && unit < drawn ? describeUnit(layer, unit, states[unit], samples) : '';
    },
    onmouseleave: () => {
      readout.textContent = '';
    },
  });
  const capital = word[0].toUpperCase() + word.slice(1);
  const title = drawn < states.length ? TEXT.firstCells(drawn, states.length, word) : TEXT.oneCellEach(capital);
  return h('div', { class: 'units' }, h('h3', {}, title), svg, readout, key);
}

function explain({ state, explanation }: Glyph, { dead }: LayerReport): string {
  const bound = dead?.activeAtMost ?? null;
  if (state !== 'confident' || bound === null) return explanation;
  return `${explanation} With 95% confidence none of them is active on more than ${formatNumber(bound * 100)}% of inputs.`;
}

function describeUnit(layer: LayerReport, unit: number, state: UnitState, samples: number): string {
  const label = GLYPHS.find((glyph) => glyph.state === state)!.label;
  const perUnit = layer.output?.perUnit ?? null;
  const parts = [`${TEXT.unitOf(unitWord(layer, 1), unit)}: ${label}`];
  const active = perUnit?.activeSamples[unit];
  if (active !== undefined) parts.push(TEXT.activeIn(active, samples));
  const mean = perUnit?.mean[unit];
  if (typeof mean === 'number') parts.push(TEXT.meanIs(formatNumber(mean)));
  return parts.join(', ');
}
