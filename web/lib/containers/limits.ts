// How much of anything is read. A file's own numbers are checked against these and against the bytes that are left before
// memory is taken for them; beyond one of them it is TOO_LARGE, which names the limit and the value.

/** Bytes of a .npy header: NumPy stops at 10,000, older ones did not. */
export const NPY_HEADER = 2 ** 16;
/** Bytes of a safetensors header, and of an index: the library's limit. */
export const ST_HEADER = 100_000_000;
/** Bytes of the name of a tensor, key or member; ggml takes 63 for a tensor. */
export const NAME = 2 ** 16;
/** Bytes of a string among metadata: ggml takes 1 GiB, which no tab has. */
export const STRING = 2 ** 24;
/** Elements of an array among metadata: ggml takes 2^30, vocabularies reach 2^18. */
export const ARRAY = 2 ** 24;
/** Keys of metadata, tensors of a model and members of an archive: what opens within seconds. */
export const KEYS = 2 ** 16;
export const TENSORS = 2 ** 20;
export const MEMBERS = 2 ** 20;
/** Dimensions of a tensor: ggml's, and NumPy's for all the others. */
export const GGUF_DIMS = 4;
export const DIMS = 64;
/** Levels of nesting: JSON, arrays of arrays in GGUF, messages of protobuf (its own limit). */
export const JSON_DEPTH = 16;
export const ARRAY_DEPTH = 4;
export const PROTOBUF_DEPTH = 100;
/** Bytes to align to: beyond it a small file could ask for endless padding. */
export const ALIGNMENT = 2 ** 20;
/** Elements and bytes of anything: numbers are exact up to here. */
export const EXACT = Number.MAX_SAFE_INTEGER;
/** Parts of one model that are looked for by name; files that claim 65,535 exist. */
export const PARTS = 2 ** 10;
/** Numbers of metadata arrays held as plain arrays, in all; further arrays stay typed, as small as in the file. */
export const PLAIN_NUMBERS = 2 ** 22;
/** Bytes of a config.json. */
export const CONFIG = 2 ** 20;
/** Values read at once out of a member that shrank more than a hundredfold: 64 MiB of float32. */
export const INFLATED = 2 ** 24;
