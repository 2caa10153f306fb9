// The package, as the page's worker and its build use it.
import { type Fewbits, type InitOptions, init } from 'fewbits';

/** The worker finds the wasm beside the package's script; the build hands it over. */
export const loadFewbits = (wasm?: InitOptions['wasm']): Promise<Fewbits> => init({ wasm });
