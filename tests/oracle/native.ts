// ggml as others built it: libggml-base of npm's @node-llama-cpp, called through koffi. Development only.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** A block format there. Functions write what they make into the last argument. */
export interface NativeFormat {
  blockSize: number;
  blockBytes: number;
  /** Rows of `rowLength` values; `importance` serves every row. */
  quantize(values: Float32Array, rowLength: number, importance: Float32Array | undefined, bytes: Uint8Array): void;
  /** Absent where ggml has none. */
  dequantize?: (bytes: Uint8Array, values: Float32Array) => void;
}

export interface Native {
  /** What it is, in words. */
  name: string;
  formats: Map<string, NativeFormat>;
}

const PACKAGE = '@node-llama-cpp/linux-x64';
/** ggml_type has no function that says how many there are, and none that refuses a number beyond the last. */
const TYPES = 43;
/** Made for dot products: ggml_quantize_chunk does not take them, their row functions do. */
const INTERNAL = ['q8_1', 'q8_K'];

/** The library, or the sentence that says why it is not there. */
export async function openNative(): Promise<Native | string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `The native ggml library is there for Linux on x86-64 alone, this is ${process.platform} on ${process.arch}.`;
  try {
    const main = createRequire(import.meta.url).resolve(PACKAGE);
    const { default: koffi } = await import('koffi');
    return bind(koffi.load(path.join(path.dirname(main), '../bins/linux-x64/libggml-base.so')), main);
  } catch (error) {
    const reason = (error as Error).message.split('\n', 1)[0];
    return `The native ggml library cannot be loaded: ${reason}. \`npm ci\` installs ${PACKAGE} and koffi, which have it.`;
  }
}

type Library = import('koffi').LibraryHandle;

function bind(library: Library, main: string): Native {
  const { version } = JSON.parse(readFileSync(path.join(path.dirname(main), '../package.json'), 'utf8'));
  const text = (name: string): string => library.func(`const char *${name}()`)();
  const typeName = library.func('const char *ggml_type_name(int)');
  const formats = new Map<string, NativeFormat>();
  for (let type = 0; type < TYPES; type++) {
    const name: string = typeName(type);
    // Removed types are sentences, plain numbers have no row function to read them with.
    if (/^(i?q|tq|mxfp|nvfp)\d\w*$/.test(name)) formats.set(name.toLowerCase(), bindFormat(library, type, name));
  }
  return { name: `ggml ${text('ggml_version')} (${text('ggml_commit')}) of ${PACKAGE} ${version}`, formats };
}

function bindFormat(library: Library, type: number, name: string): NativeFormat {
  const format: NativeFormat = {
    blockSize: Number(library.func('int64_t ggml_blck_size(int)')(type)),
    blockBytes: Number(library.func('size_t ggml_type_size(int)')(type)),
    quantize: INTERNAL.includes(name) ? rowFunction(library, name) : chunkFunction(library, type),
  };
  if (name !== 'q8_1') {
    const restore = library.func(`void dequantize_row_${name}(const void *, float *, int64_t)`);
    format.dequantize = (bytes, values) => restore(bytes, values, values.length);
  }
  return format;
}

function chunkFunction(library: Library, type: number): NativeFormat['quantize'] {
  const prepare = library.func('void ggml_quantize_init(int)');
  const make = library.func(
    'size_t ggml_quantize_chunk(int, const float *, void *, int64_t, int64_t, int64_t, const float *)',
  );
  let prepared = false;
  return (values, rowLength, importance, bytes) => {
    if (!prepared) prepare(type);
    prepared = true;
    const made = Number(make(type, values, bytes, 0, values.length / rowLength, rowLength, importance ?? null));
    if (made !== bytes.length) throw new Error(`ggml_quantize_chunk made ${made} bytes instead of ${bytes.length}`);
  };
}

function rowFunction(library: Library, name: string): NativeFormat['quantize'] {
  const make = library.func(`void quantize_row_${name}_ref(const float *, void *, int64_t)`);
  return (values, _rowLength, _importance, bytes) => make(values, bytes, values.length);
}
