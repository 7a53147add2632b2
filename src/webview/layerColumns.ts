import { flowValues } from '../report/flow';
import { formatActivation, formatCount, formatNumber, formatShare, NOT_MEASURED } from '../report/format';
import { deadCount, isAccused } from '../report/health';
import type { LayerReport, RuleId } from '../report/report';
import { bar } from './bar';
import { h, type Child } from './dom';
import type { ReportStore } from './reportStore';
import { TERMS, TEXT } from './strings';

/** Gradient bars span at least this many decades, so that equal layers look equal. */
const DECADES = 4;

export interface Column {
  readonly key: string;
  readonly label: string;
  readonly tip: string;
  readonly class: string;
  /** Missing values sort last either way. */
  readonly value: (index: number) => number | string | null;
  readonly cell: (index: number) => Child;
  /** Direction of the first click. */
  readonly descendingFirst: boolean;
}

const measured = (text: string, share: number | null, role: string): Child =>
  h('span', { class: 'cell' }, h('span', { class: 'num' }, text), bar(share, role));
const missing = (): Child => h('span', { class: 'num muted' }, NOT_MEASURED);

/** The columns of the layer table, the layer's name first; that one's cell is the table's own. */
export function layerColumns(store: ReportStore): readonly Column[] {
  const { layers, report } = store;
  const layer = (index: number): LayerReport => layers[index];
  const deadShare = (index: number): number | null => {
    const dead = deadCount(layer(index));
    return dead === null ? null : dead.dead / dead.units;
  };
  const flagged = (index: number, ...rules: RuleId[]): boolean => isAccused(report, layer(index), rules);
  const gradients = flowValues(layers, 'backward');
  const logs = gradients.filter((norm) => norm !== null && norm > 0).map((norm) => Math.log10(norm!));
  const top = Math.max(...logs);
  const bottom = Math.min(Math.floor(Math.min(...logs)), top - DECADES);
  return [
    {
      key: 'layer',
      label: TEXT.columnLayer,
      tip: TEXT.sortByDepth,
      class: '',
      descendingFirst: false,
      value: (index) => index,
      cell: () => null,
    },
    {
      key: 'activation',
      label: TEXT.columnActivation,
      tip: TEXT.sortByActivation,
      class: 'wide',
      descendingFirst: false,
      value: (index) => layer(index).activation,
      cell: (index) => formatActivation(layer(index).activation),
    },
    {
      key: 'units',
      label: TEXT.columnUnits,
      tip: TEXT.sortByUnits,
      class: 'wide num',
      descendingFirst: true,
      value: (index) => layer(index).units,
      cell: (index) => {
        const { units } = layer(index);
        return units === null ? missing() : formatCount(units);
      },
    },
    {
      key: 'output',
      label: TERMS.spread[0],
      tip: TERMS.spread[1],
      class: 'widest num',
      descendingFirst: true,
      value: (index) => layer(index).output?.mean ?? null,
      cell: (index) => {
        const { output } = layer(index);
        if (output === null || output.mean === null) return missing();
        return TEXT.meanSpread(formatNumber(output.mean), formatNumber(output.standardDeviation));
      },
    },
    {
      key: 'dead',
      label: TERMS.dead[0],
      tip: TERMS.dead[1],
      class: 'num c-dead',
      descendingFirst: true,
      value: deadShare,
      cell: (index) => {
        const share = deadShare(index);
        return share === null
          ? missing()
          : measured(formatShare(share), share, flagged(index, 'dead-relu') ? 'f-bad' : 'f-soft');
      },
    },
    {
      key: 'slope',
      label: TERMS.slope[0],
      tip: TERMS.slope[1],
      class: 'num c-slope',
      descendingFirst: false,
      value: (index) => layer(index).derivative?.share ?? null,
      cell: (index) => {
        const share = layer(index).derivative?.share;
        if (share === undefined) return missing();
        return measured(formatShare(share), share, flagged(index, 'saturated-activation') ? 'f-bad' : 'f-ink');
      },
    },
    {
      key: 'gradient',
      label: TERMS.gradient[0],
      tip: TERMS.gradient[1],
      class: 'num c-grad',
      descendingFirst: false,
      value: (index) => gradients[index] ?? null,
      cell: (index) => {
        const norm = gradients[index] ?? null;
        if (norm === null) return missing();
        const share = norm > 0 ? Math.max(0.01, (Math.log10(norm) - bottom) / (top - bottom)) : 0;
        const accused = flagged(index, 'vanishing-gradient', 'exploding-gradient');
        return measured(formatNumber(norm), share, accused ? 'f-bad' : 'f-ink');
      },
    },
  ];
}
