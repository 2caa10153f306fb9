// The package, as the page uses it.
import type { Fewbits } from '../../lib/types.ts';
import { standIn } from './stand-in.ts';

export const loadFewbits = async (_wasm: URL | string | BufferSource): Promise<Fewbits> => standIn;
