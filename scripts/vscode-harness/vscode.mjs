/** Which VS Code runs the integration tests. */
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { downloadAndUnzipVSCode } from '@vscode/test-electron';
import { PROJECT } from './cache.mjs';

/** The desktop release that belongs to the server in vscodeServer.mjs. */
const DESKTOP = '1.139.1';

/**
 * The executable for @vscode/test-electron: desktop VS Code where it can be downloaded and has a screen to run on,
 * otherwise the stand-in (code.mjs) that runs the VS Code server from npm. VSCODE_EXECUTABLE names another one.
 * @returns {Promise<{ executable: string, description: string }>}
 */
export async function vscode() {
  const named = process.env.VSCODE_EXECUTABLE;
  if (named) return { executable: named, description: named };
  const hasScreen = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
  if (process.env.HARNESS_RELEASE === undefined && hasScreen && (await canDownload())) {
    const cachePath = path.join(PROJECT, '.cache/vscode-desktop');
    const executable = await downloadAndUnzipVSCode({ version: DESKTOP, cachePath });
    return { executable, description: `desktop VS Code ${DESKTOP}` };
  }
  const standIn = fileURLToPath(new URL('code.mjs', import.meta.url));
  return { executable: standIn, description: 'the VS Code server from npm, in Chromium' };
}

async function canDownload() {
  try {
    const answer = await fetch('https://update.code.visualstudio.com/api/releases/stable', {
      signal: AbortSignal.timeout(4000),
    });
    return answer.ok;
  } catch {
    return false;
  }
}
