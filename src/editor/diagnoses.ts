import path from 'node:path';
import { EventEmitter, Uri, workspace, type Disposable, type LogOutputChannel } from 'vscode';
import { DiagnosisError, type DiagnosisProblem } from '../report/errors';
import type { DataArgument, PanelState, Progress } from '../report/protocol';
import type { Report } from '../report/report';
import { cancelled, type AnalysisWorker } from './analysisWorker';
import { watchFiles } from './fileWatch';
import { modelSettings, modelSettingsText, type DataFile } from './modelSettings';
import type { ReportMemory } from './reportMemory';
import { SECTION, probeSettings, withRuleSettings } from './settings';
import { SharedFolders } from './sharedFolders';

/** What is diagnosed. Without data the probe is what the settings name for the model, else synthetic. */
export interface Subject {
  readonly model: Uri;
  readonly data: readonly DataFile[];
  readonly labels: DataFile | null;
}

export type Outcome =
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'problem'; readonly problem: DiagnosisProblem };

/** A diagnosis that has ended. */
interface Settled {
  readonly subject: Subject;
  readonly outcome: Outcome;
  /** What the settings said of the model. */
  readonly settings: string;
  /** Whether a file that was read has changed since. */
  readonly stale: boolean;
  readonly modelDeleted: boolean;
}

/**
 * The one diagnosis that the window shows: what is being or was diagnosed, and how it went. All views listen to it.
 * A report goes stale when a file that it was made from changes, or what the settings say of its model; a cancelled diagnosis leaves the earlier one in place.
 */
export class Diagnoses implements Disposable {
  readonly #changed = new EventEmitter<PanelState>();
  /** Fires with the new state, also for each step of progress. */
  readonly onDidChange = this.#changed.event;

  #settled: Settled | null = null;
  #running: { readonly subject: Subject; readonly abort: AbortController; state: PanelState } | null = null;
  #watch: Disposable | null = null;
  readonly #settings: Disposable;

  constructor(
    private readonly worker: AnalysisWorker,
    private readonly memory: ReportMemory,
    private readonly log: LogOutputChannel,
  ) {
    this.#settings = workspace.onDidChangeConfiguration((change) => {
      const shown = ['rules', 'models'].some((name) => change.affectsConfiguration(`${SECTION}.${name}`));
      if (shown && this.#settled !== null) this.#fire();
    });
  }

  /** What is being diagnosed, else what was diagnosed last. */
  get subject(): Subject | null {
    return this.#running?.subject ?? this.#settled?.subject ?? null;
  }

  get modelDeleted(): boolean {
    return this.#settled?.modelDeleted ?? false;
  }

  get state(): PanelState {
    if (this.#running !== null) return this.#running.state;
    if (this.#settled === null) return { kind: 'empty' };
    const { outcome, subject, settings } = this.#settled;
    const stale = this.#settled.stale || settings !== settingsText(subject);
    return outcome.kind === 'report'
      ? { kind: 'report', ...withRuleSettings(outcome.report, subject.model), stale }
      : { kind: 'problem', model: shownPath(subject.model), problem: outcome.problem };
  }

  /** Diagnoses, in place of a diagnosis that may be running. Never rejects. */
  async diagnose(subject: Subject): Promise<Outcome> {
    this.cancel();
    const abort = new AbortController();
    const model = shownPath(subject.model);
    const startedAt = Date.now();
    const showProgress = (progress: Progress): void => {
      if (abort.signal.aborted) return;
      this.#running = { subject, abort, state: { kind: 'running', model, progress, startedAt } };
      this.#fire();
    };
    showProgress({ stage: 'load', done: null, detail: null });

    const settings = settingsText(subject);
    const folders = new SharedFolders();
    const outcome = await this.#run(subject, folders, abort.signal, showProgress);
    if (abort.signal.aborted) {
      this.log.info(`${model}: cancelled`);
      // A newer diagnosis may already be running; then the screen is its.
      if (this.#running?.abort === abort) this.#end();
      return { kind: 'problem', problem: cancelled().problem };
    }
    this.#logOutcome(model, outcome);
    this.#settled = { subject, outcome, settings, stale: false, modelDeleted: false };
    this.#watchFiles(subject, folders.filesRead);
    this.#end();
    if (outcome.kind === 'report') {
      this.#keep(this.memory.remember({ subject, report: outcome.report, settings, filesRead: folders.filesRead }));
    }
    return outcome.kind === 'report'
      ? { kind: 'report', report: withRuleSettings(outcome.report, subject.model).report }
      : outcome;
  }

  cancel(): void {
    this.#running?.abort.abort();
  }

  /** Forgets the last diagnosis and cancels the running one. */
  clear(): void {
    this.cancel();
    this.#settled = null;
    this.#watch?.dispose();
    this.#end();
    this.#keep(this.memory.forget());
  }

  /** Brings back the report of an earlier session, unless this one already has something to show. Never rejects. */
  async restore(): Promise<void> {
    const isUntouched = (): boolean => this.#settled === null && this.#running === null;
    if (!isUntouched()) return;
    const remembered = await this.memory.recall();
    if (remembered === null || !isUntouched()) return;
    const { subject, report, settings, filesRead, stale, modelDeleted } = remembered;
    this.#settled = { subject, outcome: { kind: 'report', report }, settings, stale, modelDeleted };
    this.#watchFiles(subject, filesRead);
    this.#fire();
  }

  dispose(): void {
    this.cancel();
    this.#watch?.dispose();
    this.#settings.dispose();
    this.#changed.dispose();
  }

  async #run(
    subject: Subject,
    folders: SharedFolders,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
  ): Promise<Outcome> {
    const { samples, seed, budget, memory, workers } = probeSettings(subject.model);
    const parent = (uri: Uri): Uri => Uri.joinPath(uri, '..');
    const share = (uri: Uri): DataArgument['folder'] => folders.share(uri, shownPath(uri));
    const data = ({ input, uri, isFolder }: DataFile): DataArgument =>
      isFolder
        ? { input, folder: share(uri), file: null }
        : { input, folder: share(parent(uri)), file: path.posix.basename(uri.path) };
    try {
      const settings = await modelSettings(subject.model);
      // Data that the user chose go before those of the settings, and have labels of their own.
      const probe = subject.data.length > 0 ? subject : settings;
      const report = await this.worker.run({
        arguments: {
          model: { folder: share(parent(subject.model)), file: path.posix.basename(subject.model.path) },
          data: probe.data.map(data),
          labels: probe.labels === null ? null : data(probe.labels),
          samples,
          seed,
          budget,
          scale: subject.data.length + settings.data.length > 0 ? settings.scale : null,
          loss: settings.loss,
          columns: probe === settings ? settings.columns : null,
          memory,
          workers,
        },
        answer: (request) => folders.answer(request),
        onProgress,
        signal,
      });
      return { kind: 'report', report };
    } catch (error) {
      const known = DiagnosisError.from(error);
      if (known.code === 'internal') this.log.error(known.cause instanceof Error ? known.cause : known);
      return { kind: 'problem', problem: known.problem };
    }
  }

  #watchFiles(subject: Subject, filesRead: readonly Uri[]): void {
    this.#watch?.dispose();
    this.#watch = watchFiles([subject.model, ...filesRead], (file, kind) => {
      if (this.#settled === null) return;
      const isModel = file.toString() === subject.model.toString();
      const modelDeleted = isModel ? kind === 'deleted' : this.#settled.modelDeleted;
      this.#settled = { ...this.#settled, stale: true, modelDeleted };
      this.#fire();
    });
  }

  #end(): void {
    this.#running = null;
    this.#fire();
  }

  #fire(): void {
    this.#changed.fire(this.state);
  }

  /** What is kept for the next session may fail without harm to this one. */
  #keep(kept: Promise<void>): void {
    kept.catch((error: unknown) => this.log.warn(String(error)));
  }

  #logOutcome(model: string, outcome: Outcome): void {
    if (outcome.kind === 'problem') {
      this.log.error(`${model}: ${DiagnosisError.revive(outcome.problem).oneLine}`);
      return;
    }
    const { run, layers, findings } = outcome.report;
    const stages = run.stages.map(({ stage, milliseconds }) => `${stage} ${Math.round(milliseconds)} ms`).join(', ');
    this.log.info(`${model}: ${layers.length} layers, ${findings.length} findings (${stages})`);
  }
}

const settingsText = ({ model, data }: Subject): string => modelSettingsText(model, data.length > 0);

/** As the user knows it: relative to the workspace where it lies inside. */
export function shownPath(uri: Uri): string {
  return workspace.asRelativePath(uri);
}
