import { formatActivation, formatCount, formatNumber, formatShare, NOT_MEASURED } from '../format';
import { deadCount, layerHealths } from '../health';
import type { LayerReport, Report } from '../report';
import { displayWidth, padEnd, padStart, shorten, wrap } from './plainText';
import { MARKS, type Style } from './style';

/** More rows than this are cut to the layers with problems, if there are any. */
const MAX_ROWS = 40;
const INDENT = 2;
const GAP = 2;

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
  { title: 'gradient', align: 'right', limit: 8, text: ({ gradient }) => formatNumber(gradient?.outputRms ?? null) },
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
  const widths = columnWidths(cells, width);

  const row = (texts: readonly string[]): string =>
    COLUMNS.map(({ align }, i) => {
      const text = shorten(texts[i], widths[i]);
      return align === 'left' ? padEnd(text, widths[i]) : padStart(text, widths[i]);
    })
      .join(' '.repeat(GAP))
      .trimEnd();
  const lines = [' '.repeat(INDENT) + style('quiet', row(COLUMNS.map(({ title }) => title)))];
  shown.forEach(({ health }, i) => {
    const { sign, role } = MARKS[health];
    lines.push(`${style(role, sign)} ${row(cells[i])}`);
  });
  const hidden = entries.length - shown.length;
  const more = hidden === 0 ? '' : `${formatCount(hidden)} more layers are in the JSON report. `;
  const legend = `${more}Slope: share of the activation’s largest derivative. Variance: of the output across samples. Gradient: RMS at the output.`;
  return [...lines, ...wrap(legend, width - INDENT).map((line) => ' '.repeat(INDENT) + style('quiet', line))];
}

/** As wide as the contents ask for; if that is too much, the left columns are narrowed, the layer's name least. */
function columnWidths(cells: readonly (readonly string[])[], width: number): number[] {
  const wanted = COLUMNS.map(({ title, limit }, i) =>
    Math.min(limit, Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[i])))),
  );
  const available = width - INDENT - GAP * (COLUMNS.length - 1);
  for (const [column, least] of [
    [1, 6],
    [2, 6],
    [0, 8],
  ] as const) {
    const excess = wanted.reduce((sum, columnWidth) => sum + columnWidth, 0) - available;
    if (excess > 0) wanted[column] = Math.max(least, wanted[column] - excess);
  }
  return wanted;
}
