/**
 * Compiles the kernels of src/analysis/backend/assembly for whoever imports `./assembly/kernels.wasm` (or
 * one of its other builds): the importing module gets the bytes, so that no file has to be found at run time.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const KERNELS = /[\\/]assembly[\\/](kernels(?:\.simd|\.relaxed)?\.wasm)$/;
/** Features of WebAssembly by build. */
const BUILDS = {
  'kernels.wasm': ['--disable', 'simd', '--disable', 'bulk-memory'],
  'kernels.simd.wasm': ['--enable', 'simd'],
  'kernels.relaxed.wasm': ['--enable', 'simd', '--enable', 'relaxed-simd'],
};
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = path.join(root, 'src/analysis/backend/assembly');

/**
 * @param {string} file whose name is one of the builds'
 * @returns {Promise<Uint8Array>} the WebAssembly module; compiled once per state of the sources.
 */
async function compileKernels(file) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  // No runtime and no static data: the memory belongs to tfjs.
  const options = ['-O3', '--runtime', 'stub', '--noAssert', '--importMemory', ...BUILDS[KERNELS.exec(file)[1]]];
  const { version } = JSON.parse(await readFile(path.join(root, 'node_modules/assemblyscript/package.json'), 'utf8'));
  const hash = createHash('sha256').update(JSON.stringify([version, names, options]));
  for (const name of names) hash.update(await readFile(path.join(folder, name)));
  const cached = path.join(root, '.cache/wasm-kernels', `${hash.digest('hex')}.wasm`);
  try {
    return await readFile(cached);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const binary = await compile(names, options);
  await mkdir(path.dirname(cached), { recursive: true });
  const unfinished = `${cached}.${process.pid}`;
  await writeFile(unfinished, binary);
  await rename(unfinished, cached);
  return binary;
}

async function compile(names, options) {
  const { default: asc } = await import('assemblyscript/asc');
  const outputs = ['--outFile', 'kernels.wasm', '--textFile', 'kernels.wat'];
  const written = {};
  const { error, stderr } = await asc.main([...names, '--baseDir', folder, ...outputs, ...options], {
    writeFile: (name, contents) => {
      written[name] = contents;
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  if (written['kernels.wat'].includes('(data'))
    throw new Error('The kernels have static data, which would overwrite tfjs.');
  return written['kernels.wasm'];
}

/** For esbuild. */
export const esbuildKernels = {
  name: 'wasm-kernels',
  setup(build) {
    build.onResolve({ filter: KERNELS }, ({ path: name, resolveDir }) => ({ path: path.resolve(resolveDir, name) }));
    build.onLoad({ filter: KERNELS }, async ({ path: name }) => ({
      contents: await compileKernels(name),
      loader: 'binary',
      watchDirs: [folder],
    }));
  },
};

/**
 * For vite, and so for vitest.
 * @type {import('vite').Plugin}
 */
export const viteKernels = {
  name: 'wasm-kernels',
  enforce: 'pre',
  resolveId: (name, importer) => (KERNELS.test(name) ? path.resolve(path.dirname(importer), name) : null),
  async load(name) {
    if (!KERNELS.test(name)) return null;
    const base64 = Buffer.from(await compileKernels(name)).toString('base64');
    return `export default Uint8Array.from(atob('${base64}'), (c) => c.charCodeAt(0));`;
  },
};
