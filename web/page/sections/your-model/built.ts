// The first picture: the guide's model, measured whole.
import type { Fewbits } from '../../../lib/types.ts';
import { defaultsOf } from '../../kit/options.ts';
import { exampleFile } from './example.ts';
import { options, type View } from './options.ts';
import { ModelSession } from './session.ts';

export async function built(fewbits: Fewbits, weights: ArrayBuffer): Promise<View> {
  const session = new ModelSession(fewbits);
  await session.open([exampleFile(weights)], true);
  return session.measure({ options: defaultsOf(options), first: [], budget: Number.POSITIVE_INFINITY });
}
