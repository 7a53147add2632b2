import path from 'node:path';
import { window, type ExtensionContext } from 'vscode';
import { AnalysisWorker } from './editor/analysisWorker';
import { CodeLoader } from './editor/code/codeLoader';
import { registerCommands } from './editor/commands';
import { DataChoice } from './editor/dataChoice';
import { Diagnoses } from './editor/diagnoses';
import { FindingActions } from './editor/findingActions';
import { Problems } from './editor/problems';
import { ReportMemory } from './editor/reportMemory';
import { ReportView } from './editor/reportView';
import { RuleDocumentation } from './editor/ruleDocumentation';

/** Composition root: builds the parts and hands them to each other. Nothing is read or computed before a command asks. */
export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel('Activation Diagnostics', { log: true });
  const worker = new AnalysisWorker(path.join(context.extensionPath, 'dist', 'worker.js'));
  const diagnoses = new Diagnoses(worker, new ReportMemory(context.storageUri), log);
  const documentation = new RuleDocumentation(context.extensionUri);
  const view = new ReportView(context.extensionUri, diagnoses);
  const problems = new Problems(diagnoses, documentation);
  const dataChoice = new DataChoice(context.workspaceState);

  context.subscriptions.push(
    log,
    worker,
    diagnoses,
    view,
    problems,
    registerCommands({ extension: context.extensionUri, diagnoses, view, dataChoice, documentation }),
    new FindingActions(diagnoses).register(),
    new CodeLoader({ diagnoses, documentation, memory: context.workspaceState, log }),
  );
}
