import { gradientNorm } from '../flow';
import { formatActivation, formatCount, formatNumber, formatShare, NOT_MEASURED } from '../format';
import { deadCount, layerHealths } from '../health';
import type { LayerReport, Report } from '../report';
import { displayWidth, padEnd, padStart, shorten, wrap } from './plainText';
import { MARKS, type Style } from './style';

/** More rows than this are cut to the layers with problems, if there are any. */
const MAX_ROWS = 40;
const INDENT = 2;

interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** The widest that the column may get; names give way to numbers. */
  readonly limit: number;
  text(layer: LayerReport): string;
}

const COLUMNS: readonly Column[] = [
  { title: 'layer', align: 'left', limit: 22, text: ({ name }) => name },
  { title: 'type', align: 'left', limit: 11, text: ({ className }) => className },
  { title: 'activation', align: 'left', limit: 10, text: ({ activation }) => formatActivation(activation) },
  {
    title: 'units',
    align: 'right',
    limit: 7,
    text: ({ units }) => (units === null ? NOT_MEASURED : formatCount(units)),
  },
  { title: 'dead', align: 'right', limit: 10, text: dead },
  { title: 'slope', align: 'right', limit: 5, text: ({ derivative }) => formatShare(derivative?.share ?? null) },
  { title: 'variance', align: 'right', limit: 8, text: ({ signal }) => formatNumber(signal?.variance ?? null) },
  { title: 'gradient', align: 'right', limit: 8, text: (layer) => formatNumber(gradientNorm(layer)) },
];

/** `24 75%`: the number of units proved dead or dead with confidence, and their share. */
function dead(layer: LayerReport): string {
  const count = deadCount(layer);
  if (count === null) return NOT_MEASURED;
  return count.dead === 0 ? '0' : `${formatCount(count.dead)} ${formatShare(count.dead / count.units)}`;
}

/** One line per layer in at most `width` columns, with a legend. */
export function layerTable(report: Report, width: number, style: Style): string[] {
  const healths = layerHealths(report);
  const entries = report.layers.map((layer, index) => ({ layer, health: healths[index].health }));
  const sick = entries.filter(({ health }) => health === 'error' || health === 'warning');
  const shown = entries.length <= MAX_ROWS ? entries : (sick.length > 0 ? sick : entries).slice(0, MAX_ROWS);
  const cells = shown.map(({ layer }) => COLUMNS.map((column) => column.text(layer)));
  const { widths, gap } = layout(cells, width);

  const row = (texts: readonly string[]): string =>
    COLUMNS.map(({ align }, i) => {
      const text = shorten(texts[i], widths[i]);
      return align === 'left' ? padEnd(text, widths[i]) : padStart(text, widths[i]);
    })
      .join(gap)
      .trimEnd();
  const lines = [' '.repeat(INDENT) + style('quiet', row(COLUMNS.map(({ title }) => title)))];
  shown.forEach(({ health }, i) => {
    const { sign, role } = MARKS[health];
    lines.push(`${style(role, sign)} ${row(cells[i])}`);
  });
  const hidden = entries.length - shown.length;
  const more = hidden === 0 ? '' : `${formatCount(hidden)} more layers are in the JSON report. `;
  const legend = `${more}Slope: share of the activation’s largest derivative. Variance: of the output across samples. Gradient: its norm at the output, per sample.`;
  return [...lines, ...wrap(legend, width - INDENT).map((line) => ' '.repeat(INDENT) + style('quiet', line))];
}

/** Columns that give way when a table is too wide, in this order, and how far; names less than types. */
const NARROWING = [
  { column: 1, least: 9 },
  { column: 2, least: 8 },
  { column: 0, least: 16 },
  { column: 1, least: 5 },
  { column: 2, least: 5 },
  { column: 0, least: 8 },
] as const;

function layout(cells: readonly (readonly string[])[], width: number): { widths: number[]; gap: string } {
  const widths = COLUMNS.map(({ title, limit }, i) =>
    Math.min(limit, Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[i])))),
  );
  const excess = (gap: number): number =>
    INDENT + gap * (COLUMNS.length - 1) + widths.reduce((sum, column) => sum + column, 0) - width;
  const gap = excess(2) > 0 ? 1 : 2;
  for (const { column, least } of NARROWING) {
    if (excess(gap) > 0) widths[column] = Math.max(Math.min(least, widths[column]), widths[column] - excess(gap));
  }
  return { widths, gap: ' '.repeat(gap) };
}
