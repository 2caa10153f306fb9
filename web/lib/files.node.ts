// fewbits/files in Node: paths and FileHandles too.
import { nodeInflate, nodeSource } from './containers/node.ts';
import { opener } from './files/open.ts';
import type { OpenModel } from './files/types.ts';
import { init } from './index.node.ts';

export const openModel: OpenModel = opener({ init, source: nodeSource, inflate: nodeInflate });
