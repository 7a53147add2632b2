import {
  Diagnostic,
  DiagnosticRelatedInformation,
  DiagnosticSeverity,
  languages,
  Location,
  Range,
  workspace,
  type Disposable,
  type Uri,
} from 'vscode';
import { layerPlace } from '../report/layerPlace';
import type { Finding, Report, Severity } from '../report/report';
import type { Diagnoses } from './diagnoses';
import { locateLayers } from './layerLocation';
import type { RuleDocumentation } from './ruleDocumentation';

export const SOURCE = 'Activation Diagnostics';

const SEVERITY: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

const FILE_START = new Range(0, 0, 0, 1);

/** Shows the findings of the last diagnosis in Problems, on the lines of the model file where the layers are configured. */
export class Problems implements Disposable {
  readonly #collection = languages.createDiagnosticCollection('activationDiagnostics');
  readonly #subscription: Disposable;
  /** Counts the updates, so that a slow one never overwrites a later one. */
  #update = 0;

  constructor(
    private readonly diagnoses: Diagnoses,
    private readonly documentation: RuleDocumentation,
  ) {
    this.#subscription = diagnoses.onDidChange(() => void this.#show());
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#collection.dispose();
  }

  async #show(): Promise<void> {
    const update = ++this.#update;
    const { state, subject, modelDeleted } = this.diagnoses;
    if (state.kind === 'running') return;
    if (state.kind !== 'report' || subject === null || modelDeleted) return this.#collection.clear();
    const model = subject.model;
    const diagnostics = await this.#diagnostics(model, state.report);
    if (update !== this.#update) return;
    this.#collection.clear();
    this.#collection.set(model, diagnostics);
  }

  async #diagnostics(model: Uri, report: Report): Promise<Diagnostic[]> {
    const ranges = await layerRanges(model, report);
    return await Promise.all(report.findings.map((finding) => this.#diagnostic(finding, model, ranges)));
  }

  async #diagnostic(finding: Finding, model: Uri, ranges: ReadonlyMap<string, Range>): Promise<Diagnostic> {
    const rangeOf = (layer: string | null): Range => (layer === null ? null : ranges.get(layer)) ?? FILE_START;
    const where = finding.layer === null ? '' : `${finding.layer}: `;
    const diagnostic = new Diagnostic(
      rangeOf(finding.layer),
      `${where}${finding.title}\n${finding.message}`,
      SEVERITY[finding.severity],
    );
    diagnostic.source = SOURCE;
    diagnostic.code = { value: finding.rule, target: await this.documentation.location(finding.rule) };
    diagnostic.relatedInformation = finding.alsoIn.map(
      (layer) => new DiagnosticRelatedInformation(new Location(model, rangeOf(layer)), layer),
    );
    return diagnostic;
  }
}

/** Where each layer of the report is configured in the model file; layers of files that are not JSON are left out. */
export async function layerRanges(model: Uri, report: Report): Promise<ReadonlyMap<string, Range>> {
  const configured = report.layers.flatMap((layer) => {
    const path = layerPlace(report, layer);
    return path === null ? [] : [[layer.name, path] as const];
  });
  if (configured.length === 0) return new Map();
  let text: string;
  try {
    text = new TextDecoder().decode(await workspace.fs.readFile(model));
  } catch {
    // The model went away since; its findings then stand at the start of the file.
    return new Map();
  }
  const spans = locateLayers(
    text,
    configured.map(([, path]) => path),
  );
  return new Map(
    configured.flatMap(([name, path]) => {
      const span = spans.get(JSON.stringify(path));
      return span === undefined ? [] : [[name, new Range(span.line, span.start, span.line, span.end)] as const];
    }),
  );
}
