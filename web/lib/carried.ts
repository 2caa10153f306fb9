// In the sources, sentences stand where they are said and tables are modules. The build moves both out of the scripts into
// a custom section of fewbits.wasm (web/build/carry.mjs), which keeps the scripts small; here is how they come back.

/** Runs once the tables are there: at once in the sources, after `load` in the package. */
export function whenLoaded(use: () => void): void {
  use();
}

/** Takes sentences and tables out of the compiled module. In the sources there is nothing to take. */
export function load(_module: WebAssembly.Module): void {}
