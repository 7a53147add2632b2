/** Compiled from ./assembly by the bundler (scripts/wasm-kernels.mjs). */
declare module '*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}

/** The part of the JavaScript API of WebAssembly that is used here; the types of ES2023 leave it to the DOM's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};
