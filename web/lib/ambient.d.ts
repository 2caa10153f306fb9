// Modules that the build provides.
declare module '*/build/module/fewbits.mjs' {
  const glue: import('./core.ts').Glue;
  export default glue;
}
declare module 'fewbits:wasm' {
  /** fewbits.wasm in base64. */
  const base64: string;
  export default base64;
}
declare module 'fewbits:worker' {
  /** The text of the pool's worker. */
  const source: string;
  export default source;
}
