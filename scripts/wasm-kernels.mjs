/**
 * Compiles the kernels of src/analysis/backend/assembly for whoever imports `./assembly/kernels.wasm` (or
 * `kernels.simd.wasm`): the importing module gets the bytes, so that no file has to be found at run time.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const KERNELS = /[\\/]assembly[\\/]kernels(\.simd)?\.wasm$/;
const folder = fileURLToPath(new URL('../src/analysis/backend/assembly/', import.meta.url));

/** @returns {Promise<Uint8Array>} the WebAssembly module. */
export async function compileKernels(simd) {
  const { default: asc } = await import('assemblyscript/asc');
  const sources = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  const features = simd ? ['--enable', 'simd'] : ['--disable', 'simd', '--disable', 'bulk-memory'];
  // No runtime and no static data: the memory belongs to tfjs.
  const options = [
    '-O3',
    '--runtime',
    'stub',
    '--noAssert',
    '--importMemory',
    '--outFile',
    'kernels.wasm',
    ...features,
  ];
  let binary;
  const { error, stderr } = await asc.main([...sources, '--baseDir', folder, ...options], {
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return binary;
}

/** For esbuild. */
export const esbuildKernels = {
  name: 'wasm-kernels',
  setup(build) {
    build.onResolve({ filter: KERNELS }, ({ path: name, resolveDir }) => ({ path: path.resolve(resolveDir, name) }));
    build.onLoad({ filter: KERNELS }, async ({ path: name }) => ({
      contents: await compileKernels(name.endsWith('.simd.wasm')),
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
    const base64 = Buffer.from(await compileKernels(name.endsWith('.simd.wasm'))).toString('base64');
    return `export default Uint8Array.from(atob('${base64}'), (c) => c.charCodeAt(0));`;
  },
};
