/** `npm run package`: builds the installable artifacts/activation-diagnostics.vsix. Works without a network. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { PROJECT } from './vscode-harness/cache.mjs';

export const VSIX = path.join(PROJECT, 'artifacts/activation-diagnostics.vsix');

/** The bundles are built anew, minified, by the script `vscode:prepublish`. */
export async function makePackage() {
  await mkdir(path.dirname(VSIX), { recursive: true });
  await createVSIX({
    cwd: PROJECT,
    packagePath: VSIX,
    // Everything is bundled.
    dependencies: false,
    // The project has no public address that links could be completed with.
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) await makePackage();
