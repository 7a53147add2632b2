import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { RuleIdSchema } from '../../../src/report/schema';

const ROOT = path.join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

interface Manifest {
  engines: { vscode: string };
  activationEvents?: string[];
  devDependencies: Record<string, string>;
  contributes: {
    commands: { command: string }[];
    menus: Record<string, { command: string }[]>;
    configuration: { properties: Record<string, { properties?: Record<string, unknown> }> };
  };
}
const MANIFEST = JSON.parse(read('package.json')) as Manifest;
const sources = readdirSync(path.join(ROOT, 'src/editor'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(`src/editor/${name}`));

describe('package.json', () => {
  it('is typed against the oldest VS Code that it admits', () => {
    expect(MANIFEST.engines.vscode).toBe(`^${MANIFEST.devDependencies['@types/vscode']}`);
  });

  it('does not activate at start-up', () => {
    expect(MANIFEST.activationEvents ?? []).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(\*|onStartupFinished)$/)]),
    );
  });

  it('offers only commands that it declares', () => {
    const declared = MANIFEST.contributes.commands.map(({ command }) => command);
    const offered = Object.values(MANIFEST.contributes.menus).flat();
    expect(declared).toEqual(expect.arrayContaining(offered.map(({ command }) => command)));
  });

  it('has a setting for every rule', () => {
    const { properties } = MANIFEST.contributes.configuration.properties['activationDiagnostics.rules'];
    expect(Object.keys(properties!).sort()).toEqual([...RuleIdSchema.options].sort());
  });

  it('declares settings that are read', () => {
    for (const setting of Object.keys(MANIFEST.contributes.configuration.properties)) {
      const key = setting.replace('activationDiagnostics.', '');
      expect(
        sources.some((text) => text.includes(`'${key}'`)),
        key,
      ).toBe(true);
    }
  });

  it('takes its texts from package.nls.json, and all of them', () => {
    const used = [...read('package.json').matchAll(/"%([^"]+)%"/g)].map(([, key]) => key);
    expect([...new Set(used)].sort()).toEqual(Object.keys(JSON.parse(read('package.nls.json')) as object).sort());
  });
});

describe('l10n/bundle.l10n.json', () => {
  it('holds every text of the editor, and nothing else', () => {
    const used = sources.flatMap((text) =>
      [...text.matchAll(/l10n\.t\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)].map(
        ([, single, double]) => single ?? double,
      ),
    );
    expect(used.length).toBe(sources.join('').split('l10n.t(').length - 1);
    const bundle = JSON.parse(read('l10n/bundle.l10n.json')) as Record<string, string>;
    expect(Object.keys(bundle).sort()).toEqual([...new Set(used)].sort());
    for (const [key, value] of Object.entries(bundle)) expect(value).toBe(key);
  });
});
