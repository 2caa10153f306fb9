// fewbits/files in Node: paths and FileHandles too.
import { nodeInflate, nodeSource } from './containers/node.ts';
import { converter } from './files/convert.ts';
import { nodeSink } from './files/node-sink.ts';
import { opener } from './files/open.ts';
import type { OpenModel } from './files/types.ts';
import { init } from './index.node.ts';

export const openModel: OpenModel = opener({ init, source: nodeSource, inflate: nodeInflate });

export const convertModel = converter({ open: nodeSink });

export { planConversion } from './files/convert.ts';
export { recipeTypes } from './files/recipes.ts';
