#!/usr/bin/env node
/** The command line's entry: loads the rest of it, with V8's code of the last run where there is one. */

import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { run as Run } from './commandLine';
import { cacheFolder, CompiledBundle } from './compiledBundle';

/**
 * Bytes of bytecode that a function runs, about, before V8 optimises it; V8 itself waits for less than a quarter of them. Most diagnoses end before
 * what was optimised so early has made up for the time that this took, and much of it is thrown away again. Before anything is
 * loaded: V8 takes compiled code from a cache only if its flags are those with which the code was compiled.
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
