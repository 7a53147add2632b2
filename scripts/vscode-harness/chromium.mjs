/** The browser that shows the workbench: the machine's own Chromium or Chrome, else the one from npm. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import { cached, npmInstall } from './cache.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
/** The last release whose package asks for no Node newer than 20. */
const PACKAGE = { '@sparticuz/chromium': '147.0.0', way: 1 };

/**
 * @returns {Promise<{ executablePath: string, env: Record<string, string> }>} what to start, and what it needs beside
 *   this process's own environment. The variable CHROMIUM names another executable; `npm` forces the one from npm.
 */
export async function chromium() {
  const chosen = process.env.CHROMIUM;
  if (chosen === 'npm') return await fromNpm();
  if (chosen) return { executablePath: chosen, env: {} };
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const name of NAMES) {
      const executablePath = path.join(folder, name);
      // Ubuntu's chromium-browser without its snap is a script that only prints advice: ask it for its version.
      if (existsSync(executablePath) && (await runs(executablePath, {}))) return { executablePath, env: {} };
    }
  }
  return await fromNpm();
}

async function runs(executablePath, env) {
  try {
    const { stdout } = await promisify(execFile)(executablePath, ['--version'], {
      timeout: 20_000,
      env: { ...process.env, ...env },
    });
    return /Chrom/.test(stdout);
  } catch {
    return false;
  }
}

async function fromNpm() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No Chromium or Chrome was found. Install one, or name it in the variable CHROMIUM.');
  }
  const version = PACKAGE['@sparticuz/chromium'];
  const folder = await cached(`chromium-${version}`, PACKAGE, async (content, workspace) => {
    await npmInstall(workspace, [`@sparticuz/chromium@${version}`]);
    const bin = path.join(workspace, 'node_modules/@sparticuz/chromium/bin');
    const unpack = async (name) => brotliDecompressSync(await readFile(path.join(bin, name)));
    await writeFile(path.join(content, 'chromium'), await unpack('chromium.br'), { mode: 0o755 });
    for (const archive of ['al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br']) {
      execFileSync('tar', ['-x', '--no-same-owner', '-C', content], { input: await unpack(archive) });
    }
  });
  const executablePath = path.join(folder, 'chromium');
  const libraries = [path.join(folder, 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  const env = { LD_LIBRARY_PATH: libraries, ...(existsSync('/etc/fonts') ? {} : { FONTCONFIG_PATH: folder }) };
  if (!(await runs(executablePath, env))) {
    throw new Error('Neither this machine nor npm has a Chromium that starts. On Debian: apt-get install chromium');
  }
  return { executablePath, env };
}
