// fewbits/files in browsers: models out of files.
import { webInflate, webSource } from './containers/web.ts';
import { opener } from './files/open.ts';
import type { OpenModel } from './files/types.ts';
import { init } from './index.ts';

/**
 * Opens a model: safetensors (with its shards), GGUF (2 and 3, with its splits), .npy, .npz or ONNX, by its first bytes.
 * Only headers are read; `read` gives a tensor, or a part of it, as float32. The core is the one of `init()`.
 */
export const openModel: OpenModel = opener({ init, source: webSource, inflate: webInflate });

export type * from './files/types.ts';
