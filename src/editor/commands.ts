import { commands, Disposable, l10n, ProgressLocation, Uri, window } from 'vscode';
import type { Finding, RuleId, Stage } from '../report/report';
import type { DataChoice } from './dataChoice';
import { shownPath, type Diagnoses, type Outcome, type Subject } from './diagnoses';
import { exportReport } from './exportReport';
import { pickModel } from './modelFiles';
import type { ReportView } from './reportView';
import type { RuleDocumentation } from './ruleDocumentation';
import { turnRuleOff } from './settings';

export interface CommandParts {
  /** Where the extension is installed. */
  readonly extension: Uri;
  readonly diagnoses: Diagnoses;
  readonly view: ReportView;
  readonly dataChoice: DataChoice;
  readonly documentation: RuleDocumentation;
}

/** Registers every command of the extension; package.json says where each is offered. */
export function registerCommands({ extension, diagnoses, view, dataChoice, documentation }: CommandParts): Disposable {
  const run = (subject: Subject): Promise<Outcome> => diagnoseVisibly(subject, diagnoses, view);
  const handlers = {
    /** Resolves with the outcome, so that other extensions can use it; undefined when no model was chosen. */
    diagnose: async (model?: unknown): Promise<Outcome | undefined> => {
      const chosen = asUri(model) ?? (await pickModel());
      return chosen === undefined ? undefined : await run({ model: chosen, data: [], labels: null });
    },
    diagnoseWithData: async (model?: unknown): Promise<Outcome | undefined> => {
      const chosen = asUri(model) ?? (await pickModel());
      const data = chosen === undefined ? undefined : await dataChoice.ask(chosen);
      return chosen === undefined || data === undefined ? undefined : await run({ model: chosen, ...data });
    },
    runAgain: async (): Promise<Outcome | undefined> => {
      const { subject } = diagnoses;
      return subject === null ? undefined : await run(subject);
    },
    cancel: () => diagnoses.cancel(),
    clear: () => diagnoses.clear(),
    showReport: (finding?: Pick<Finding, 'layer' | 'rule'>) => view.reveal(finding ?? null),
    exportReport: () => exportReport(diagnoses, extension),
    explainRule: (rule?: unknown) => documentation.explain(typeof rule === 'string' ? rule : undefined),
    turnRuleOff: (rule: RuleId) => turnRuleOff(rule),
  };
  return Disposable.from(
    ...Object.entries(handlers).map(([name, handler]) =>
      commands.registerCommand(`activationDiagnostics.${name}`, handler),
    ),
    diagnoses.onDidChange((state) => {
      void commands.executeCommand('setContext', 'activationDiagnostics.state', state.kind);
    }),
  );
}

/** Explorer and editor title pass the file first; the panel and the palette pass nothing. */
function asUri(argument: unknown): Uri | undefined {
  return argument instanceof Uri ? argument : undefined;
}

/** Runs a diagnosis where the user sees it: in the report view, which also shows a problem; in a message if that is hidden. */
async function diagnoseVisibly(subject: Subject, diagnoses: Diagnoses, view: ReportView): Promise<Outcome> {
  const outcome = diagnoses.diagnose(subject);
  await view.reveal(null);
  const inView = window.withProgress({ location: { viewId: view.id } }, () => outcome);
  const title = l10n.t('Diagnosing {0}', shownPath(subject.model));
  const inStatusBar = window.withProgress({ location: ProgressLocation.Window, title }, async (progress) => {
    const subscription = diagnoses.onDidChange((state) => {
      if (state.kind === 'running') progress.report({ message: stageTitle(state.progress.stage) });
    });
    await outcome;
    subscription.dispose();
  });
  await Promise.all([inView, inStatusBar]);
  const settled = await outcome;
  if (settled.kind === 'problem' && settled.problem.code !== 'cancelled' && !view.visible) {
    const { message, place, remedy } = settled.problem;
    const text = [`${message}${place === null ? '' : ` (${place})`}`, remedy].filter(Boolean).join(' ');
    const show = l10n.t('Show Report');
    void window.showErrorMessage(text, show).then((choice) => (choice === show ? view.reveal(null) : undefined));
  }
  return settled;
}

function stageTitle(stage: Stage): string {
  const titles: Readonly<Record<Stage, string>> = {
    load: l10n.t('loading'),
    probe: l10n.t('drawing the probe'),
    forward: l10n.t('forward pass'),
    backward: l10n.t('backward pass'),
    experiment: l10n.t('looking for causes'),
    judge: l10n.t('judging'),
  };
  return titles[stage];
}
