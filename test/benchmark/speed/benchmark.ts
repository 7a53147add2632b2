/** The benchmark of speed; ../../../scripts/benchmark.mjs says how it is run. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureExtension, type ExtensionNumbers } from './extensionNumbers';
import { growthByDepth, growthBySamples, growthByWidth, type Growth } from './growth';
import { NETWORKS, writeNetwork } from './networks';
import { benchmarkPage, networkLine, withExtensionSection } from './page';
import { torchPython } from './processes';
import { timeNetwork, type NetworkTimes } from './timeNetwork';

const OPTIONS = {
  write: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  only: { type: 'string' },
  'no-torch': { type: 'boolean', default: false },
  extension: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const [root, ...args] = process.argv.slice(2);
  const { values } = parseArgs({ args, options: OPTIONS });
  const wanted = new RegExp(values.only ?? '');
  const places = {
    root,
    bundles: path.join(root, '.cache/benchmark/speed'),
    models: path.join(root, '.cache/benchmark/models'),
  };
  await mkdir(places.models, { recursive: true });
  const file = path.join(root, 'docs/benchmarks.md');
  if (values.extension) {
    const page = withExtensionSection(await readFile(file, 'utf8'), await measureExtension(places));
    if (values.write) await writeFile(file, page);
    return console.log(page.slice(page.indexOf('## The extension')));
  }
  const python = values['no-torch'] ? null : torchPython();
  if (python === null) console.log('PyTorch is not measured: no python3 on this machine can import torch.');

  const whole = !values.quick && values.only === undefined;
  const times: NetworkTimes[] = [];
  const growth: Growth[] = [];
  const extension: ExtensionNumbers | null = whole ? await measureExtension(places) : null;
  const page = (): string => benchmarkPage(times, growth, extension);
  // After every part, so that a run that is ended early leaves what it has.
  const write = async (): Promise<void> => {
    if (values.write) await writeFile(file, page());
  };
  for (const network of NETWORKS.filter(({ id }) => wanted.test(id))) {
    await writeNetwork(network, path.join(places.models, network.id));
    const measured = await timeNetwork(network, places, python, { quick: values.quick });
    times.push(measured);
    console.log(networkLine(measured));
    await write();
  }
  for (const grow of whole ? [growthByDepth, growthByWidth, growthBySamples] : []) {
    growth.push(await grow(places));
    await write();
  }
  console.log(`\n${page()}`);
}

void main();
