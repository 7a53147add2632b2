import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

/** What @vscode/test-electron calls in the extension host: runs the bundled test files beside this one. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 300_000, color: false });
  for (const name of readdirSync(__dirname).sort()) {
    if (name.endsWith('.test.cjs')) mocha.addFile(path.join(__dirname, name));
  }
  await new Promise<void>((resolve, reject) => {
    const names: string[] = [];
    const runner = mocha.run((failures) => {
      const { passes = 0, pending = 0 } = runner.stats ?? {};
      const results = process.env['INTEGRATION_RESULTS'];
      const counts = { passed: passes, failed: failures + pending, failures: names };
      if (results !== undefined) writeFileSync(results, JSON.stringify(counts));
      if (failures > 0) reject(new Error(`${failures} integration tests failed`));
      else resolve();
    });
    runner
      .on('fail', (test, error: Error) => names.push(`${test.fullTitle()}: ${error.message.split('\n', 1)[0]}`))
      .on('pending', (test) => names.push(`${test.fullTitle()}: was skipped`));
  });
}
