import { layerHealths, type LayerHealth } from '../report/health';
import { codeLanguage } from '../report/render/words';
import type { PanelMemory } from '../report/protocol';
import type { LayerReport, Report, RuleId } from '../report/report';
import { verdict, type Verdict } from '../report/verdict';
import type { Host } from './host';

export type Language = 'tfjs' | 'keras';

/** The report on show and what the reader has chosen; the choices are remembered by the host. */
export class ReportStore {
  readonly healths: readonly LayerHealth[];
  readonly verdict: Verdict;
  /** Language of the code that is shown; the one of the model until the reader picks another. */
  language: Language;

  private readonly indexOfLayer: ReadonlyMap<string, number>;
  private readonly listeners = new Set<(index: number) => void>();
  private readonly open: Set<number>;
  private selectedIndex: number;
  private order: PanelMemory['sort'];
  private all: boolean;

  constructor(
    readonly report: Report,
    readonly ignored: readonly RuleId[],
    private readonly host: Host,
    memory: PanelMemory | null,
  ) {
    this.healths = layerHealths(report);
    this.verdict = verdict(report);
    this.language = codeLanguage(report);
    this.indexOfLayer = new Map(report.layers.map(({ name }, index) => [name, index]));
    const subject = report.findings.map(({ layer }) => this.indexOf(layer)).find((index) => index !== null);
    this.selectedIndex = this.indexOf(memory?.selectedLayer ?? null) ?? subject ?? 0;
    const opened = memory?.openFindings ?? (this.verdict.problems > 0 ? [0] : []);
    this.open = new Set(opened.filter((index) => index < report.findings.length));
    this.order = memory?.sort ?? null;
    this.all = memory?.showAllLayers ?? false;
  }

  get layers(): readonly LayerReport[] {
    return this.report.layers;
  }

  /** Index of the selected layer; 0 for a report without layers. */
  get selected(): number {
    return this.selectedIndex;
  }

  /** Index in `layers` of a layer by its name; null for model inputs, whole-network findings and unknown names. */
  indexOf(name: string | null): number | null {
    return name === null ? null : (this.indexOfLayer.get(name) ?? null);
  }

  /** Calls back with the index of each newly selected layer. */
  onSelect(listener: (index: number) => void): void {
    this.listeners.add(listener);
  }

  select(index: number): void {
    const wanted = Math.max(0, Math.min(this.layers.length - 1, index));
    if (wanted === this.selectedIndex) return;
    this.selectedIndex = wanted;
    for (const listener of this.listeners) listener(wanted);
    this.remember();
  }

  isOpen(finding: number): boolean {
    return this.open.has(finding);
  }

  setOpen(finding: number, open: boolean): void {
    if (open) this.open.add(finding);
    else this.open.delete(finding);
    this.remember();
  }

  /** How the table is sorted; null in depth order. */
  get sort(): PanelMemory['sort'] {
    return this.order;
  }

  set sort(sort: PanelMemory['sort']) {
    this.order = sort;
    this.remember();
  }

  get showAllLayers(): boolean {
    return this.all;
  }

  set showAllLayers(all: boolean) {
    this.all = all;
    this.remember();
  }

  get memory(): PanelMemory {
    return {
      selectedLayer: this.layers[this.selectedIndex]?.name ?? null,
      openFindings: [...this.open].sort((a, b) => a - b),
      sort: this.order,
      showAllLayers: this.all,
    };
  }

  private remember(): void {
    this.host.remember(this.memory);
  }
}
