// In the sources, sentences stand where they are said. The build moves them out of the scripts into a custom section of
// fewbits.wasm (web/build/carry.mjs), which keeps the scripts small; here is how they come back.

/** Takes the sentences out of the compiled module. In the sources there is nothing to take. */
export function load(_module: WebAssembly.Module): void {}
