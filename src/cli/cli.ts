#!/usr/bin/env node
/** The command line's entry: loads the rest of it, with V8's code of the last run where there is one. */

import path from 'node:path';
import type { run as Run } from './commandLine';
import { cacheFolder, CompiledBundle } from './compiledBundle';

const bundle = new CompiledBundle(path.join(__dirname, 'commandLine.js'), cacheFolder(process.env));
const { run } = bundle.load() as { run: typeof Run };
const args = process.argv.slice(2);

void run(args).then((code) => {
  process.exitCode = code;
  // Only a diagnosis that went through has compiled what the next will need.
  if (args[0] !== 'diagnose' || code >= 2) return;
  bundle.save();
  // The report has been written; to take the heap down in order would be in vain.
  process.exit();
});
