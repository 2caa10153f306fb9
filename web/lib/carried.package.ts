// carried.ts of the built package: what web/build/carry.mjs put into the wasm, taken out again.

import { FewbitsError } from './errors.ts';

/** Of the wasm and the sentences that this script was built with. */
declare const CARRIED_KEY: string;

interface Carried {
  key: string;
  /** The parts of a sentence, between which values go. */
  texts: string[][];
}

let carried: Carried | undefined;

export function load(module: WebAssembly.Module): void {
  if (carried) return;
  const [section] = WebAssembly.Module.customSections(module, 'fewbits');
  const found: Carried | undefined = section && JSON.parse(new TextDecoder().decode(section));
  if (found?.key !== CARRIED_KEY)
    throw new FewbitsError(
      'BAD_INPUT',
      'This wasm is not the fewbits.wasm that came with this script. Serve the one from the same package.',
    );
  carried = found;
}

/** The sentence of that number, with values in its gaps. */
export function sentence(index: number, ...values: unknown[]): string {
  return carried!.texts[index]!.map((part, i) => (i ? values[i - 1] : '') + part).join('');
}
