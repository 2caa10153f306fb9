// fewbits/files in browsers: models out of files.
import { webInflate, webSource } from './containers/web.ts';
import { converter } from './files/convert.ts';
import { opener } from './files/open.ts';
import { webSink } from './files/sinks.ts';
import type { OpenModel } from './files/types.ts';
import { init } from './index.ts';

/**
 * Opens a model: safetensors (with its shards), GGUF (2 and 3, with its splits), .npy, .npz or ONNX, by its first bytes.
 * Only headers are read; `read` gives a tensor, or a part of it, as float32. The core is the one of `init()`.
 */
export const openModel: OpenModel = opener({ init, source: webSource, inflate: webInflate });

/**
 * Converts a model, slice by slice, and writes it to a sink: 'blob', a WritableStream, a FileSystemFileHandle, in Node a path.
 * A Hugging Face checkpoint becomes a GGUF of plain tensors, without the names and the tokenizer that llama.cpp asks for.
 * @throws as planConversion; NON_FINITE, READ_FAILED, WRITE_FAILED, WORKER_FAILED, ABORTED: nothing is left then
 */
export const convertModel = converter({ open: webSink });

export { planConversion } from './files/convert.ts';
export { recipeTypes } from './files/recipes.ts';
export type * from './files/types.ts';
