import { ConfigurationTarget, workspace, type TextDocument, type Uri } from 'vscode';
import type { ProbeBudget } from '../report/protocol';
import type { Report, RuleId } from '../report/report';
import { applyRuleLevels, type LevelledReport } from './ruleLevels';

export const SECTION = 'activationDiagnostics';

export interface ProbeSettings {
  /** Null lets the probe grow until its count of silent units settles. */
  readonly samples: number | null;
  readonly seed: number;
  readonly budget: ProbeBudget;
  /** MB; null leaves it to the machine. */
  readonly memory: number | null;
  /** Threads at most; null leaves it to the machine. */
  readonly workers: number | null;
}

export function probeSettings(model: Uri): ProbeSettings {
  const settings = workspace.getConfiguration(SECTION, model);
  const samples = settings.get<number | null>('probe.samples', null);
  const seed = settings.get<number>('probe.seed', 0);
  const most = settings.get<number | null>('probe.maximumSamples', null);
  const seconds = settings.get<number | null>('probe.maximumSeconds', null);
  const memory = settings.get<number | null>('memory', null);
  const workers = settings.get<number | null>('workers', null);
  const positive = (value: number | null): number | null => (value === null ? null : Math.max(1, Math.trunc(value)));
  return {
    samples: positive(samples),
    seed: Math.max(0, Math.trunc(seed)),
    budget: { samples: positive(most), seconds: positive(seconds) },
    memory: positive(memory),
    workers: positive(workers),
  };
}

/** The report as the user's rule settings want it: rules that are off are gone, severities are theirs. */
export function withRuleSettings(report: Report, model: Uri): LevelledReport {
  const levels = workspace.getConfiguration(SECTION, model).get<Readonly<Record<string, unknown>>>('rules', {});
  return applyRuleLevels(report, levels);
}

/** What the user wants to see in a file of training code. */
export interface CodeSettings {
  /** Whether anything is shown at all. */
  readonly enabled: boolean;
  readonly codeLens: boolean;
  /** By rule id; unchecked. */
  readonly rules: Readonly<Record<string, unknown>>;
}

/** Each can be set for one language. */
export function codeSettings(document: TextDocument): CodeSettings {
  const settings = workspace.getConfiguration(SECTION, document);
  return {
    enabled: settings.get<boolean>('code.enabled', true),
    codeLens: settings.get<boolean>('code.codeLens', true),
    rules: settings.get<Readonly<Record<string, unknown>>>('rules', {}),
  };
}

/** Turns a rule off, in the settings of the workspace where there is one. */
export async function turnRuleOff(rule: RuleId): Promise<void> {
  const settings = workspace.getConfiguration(SECTION);
  const target = workspace.workspaceFolders === undefined ? ConfigurationTarget.Global : ConfigurationTarget.Workspace;
  const present = settings.inspect<Readonly<Record<string, unknown>>>('rules');
  const own = target === ConfigurationTarget.Global ? present?.globalValue : present?.workspaceValue;
  await settings.update('rules', { ...own, [rule]: 'off' }, target);
}
