#!/usr/bin/env node
/**
 * A stand-in for the `code` executable: the `vscodeExecutablePath` of @vscode/test-electron's `runTests`. It takes the
 * same arguments, runs the test module in the extension host of the VS Code server, and ends with its exit code.
 */
import path from 'node:path';
import { openBrowser, startServer, workbenchUrl } from './workbenchServer.mjs';

const TIMEOUT_EXIT_CODE = 72;
const timeout = Number(process.env.HARNESS_TIMEOUT_MS ?? 20 * 60_000);

/** Options of `code` that have a value; other options have no meaning here. */
const VALUED = ['extensionDevelopmentPath', 'extensionTestsPath', 'user-data-dir', 'extensions-dir'];

function parse(argv) {
  const options = Object.fromEntries(VALUED.map((name) => [name, []]));
  const opened = [];
  for (let i = 0; i < argv.length; i++) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(argv[i]) ?? [];
    if (name === undefined) opened.push(argv[i]);
    else if (VALUED.includes(name)) options[name].push(value ?? argv[++i]);
  }
  return { options, opened };
}

const { options, opened } = parse(process.argv.slice(2));
const absolute = ([file]) => (file === undefined ? undefined : path.resolve(file));
const server = await startServer({
  release: process.env.HARNESS_RELEASE ?? 'current',
  userDataDir: absolute(options['user-data-dir']),
  extensionsDir: absolute(options['extensions-dir']),
});
const { browser, context } = await openBrowser();

let ending = false;
async function end(code, why) {
  if (ending) return;
  ending = true;
  if (why !== undefined) console.error(`VS Code: ${why}`);
  await Promise.race([browser.close(), new Promise((resolve) => setTimeout(resolve, 5000))]);
  await server.stop();
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(130, signal));
setTimeout(() => end(TIMEOUT_EXIT_CODE, `the tests did not end within ${timeout / 60_000} minutes`), timeout).unref();

// The workbench looks for these two when it loads, so they must be there before.
await context.exposeFunction('codeAutomationLog', (type, args) => {
  // Mocha writes with a format; the workbench's own news, of no interest here, is one plain string.
  if (type === 'error' || type === 'warn') console.error(...args);
  else if (args.length !== 1) console.log(...args);
});
await context.exposeFunction('codeAutomationExit', (code) => void end(code));
const page = await context.newPage();
page.on('crash', () => end(70, 'the workbench crashed'));
browser.on('disconnected', () => end(71, 'the browser ended'));
await page.goto(
  workbenchUrl(server, {
    folder: opened[0],
    developmentPaths: options.extensionDevelopmentPath,
    testsPath: options.extensionTestsPath[0],
  }),
  { waitUntil: 'commit' },
);
