/** Relaxed SIMD was complete before V8 had it switched on, in version 11.4; Node 20 has 11.3. */
const V8_FLAG = 'experimental-wasm-relaxed-simd';

/** The part of Node's module `v8` that is used here. */
interface V8 {
  readonly setFlagsFromString: (flag: string) => void;
}

/** Node hands out its modules this way too, which needs no import and so leaves a web build possible. */
interface Host {
  readonly process?: { readonly getBuiltinModule?: (name: 'v8') => V8 | undefined };
}

/** Flags are the process's, so that another thread may switch this one off just before it is needed. */
const ATTEMPTS = 20;

/** Compiles a module that uses relaxed SIMD; null where the engine does not know that. */
export function compileRelaxed(bytes: Uint8Array): object | null {
  let module = compile(bytes);
  const v8 = (globalThis as Host).process?.getBuiltinModule?.('v8');
  if (v8 === undefined) return module;
  for (let attempt = 0; module === null && attempt < ATTEMPTS; attempt++) {
    v8.setFlagsFromString(`--${V8_FLAG}`);
    module = compile(bytes);
    // V8 takes compiled code from a cache only if its flags are those with which the code was compiled.
    v8.setFlagsFromString(`--no-${V8_FLAG}`);
  }
  return module;
}

function compile(bytes: Uint8Array): object | null {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return null;
  }
}
