#!/usr/bin/env node
/** The command line's entry: loads the rest of it, with V8's code of the last run where there is one. */

import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { run as Run } from './commandLine';
import { cacheFolder, CompiledBundle } from './compiledBundle';

/**
 * Bytes of bytecode, about, that a function runs before V8 optimises it; V8 itself waits for less than a quarter of them.
 * Most diagnoses end before what was optimised so early has made up for the time that this took, and much of it is thrown
 * away again. Set before anything is loaded: V8 takes code from a cache only under the flags that it was compiled with.
 */
const INTERRUPT_BUDGET = 300_000;
setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);

const bundle = new CompiledBundle(path.join(__dirname, 'commandLine.js'), cacheFolder(process.env));
const { run } = bundle.load() as { run: typeof Run };
const args = process.argv.slice(2);

void run(args).then((code) => {
  process.exitCode = code;
  // Only a diagnosis that went through has compiled what the next will need.
  if (args[0] === 'diagnose' && code < 2) bundle.save();
});
