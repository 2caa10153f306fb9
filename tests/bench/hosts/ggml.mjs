// The native ggml library that npm's @node-llama-cpp/linux-x64 carries, by foreign function calls: one thread, no copies.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../../web/build/cmake.mjs';

const LIBRARY = path.join(root, 'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so');
const REMOVED = 0; // the block size of types that are gone

/** As ggml.h has it. */
const TRAITS = {
  type_name: 'const char *',
  blck_size: 'int64_t',
  blck_size_interleave: 'int64_t',
  type_size: 'size_t',
  is_quantized: 'bool',
  to_float: 'void *',
  from_float_ref: 'void *',
};

/** Types by their name in lower case. */
function typesOf(koffi, library) {
  const traitsType = koffi.struct('ggml_type_traits', TRAITS);
  const traitsOf = library.func('const ggml_type_traits *ggml_get_type_traits(int type)');
  const types = new Map();
  // Beyond the last type stands something else in memory: q2_0 is the last that is known here.
  for (let id = 0; !types.has('q2_0'); id++) {
    const traits = koffi.decode(traitsOf(id), traitsType);
    if (Number(traits.blck_size) !== REMOVED) types.set(traits.type_name.toLowerCase(), { id, ...traits });
  }
  return types;
}

/** A function of the library, or nothing where it has none of that name. */
function find(library, declaration) {
  try {
    return library.func(declaration);
  } catch {
    return undefined;
  }
}

/** The library; nothing where there is none for this machine. */
export async function loadGgml() {
  if (!existsSync(LIBRARY)) return undefined;
  const { default: koffi } = await import('koffi');
  const library = koffi.load(LIBRARY);
  const types = typesOf(koffi, library);
  const chunk = library.func(
    'size_t ggml_quantize_chunk(int type, const void *src, void *dst, int64_t start, int64_t nrows, int64_t n_per_row, const void *imatrix)',
  );
  const toFloat = koffi.proto('void to_float(const void *x, void *y, int64_t k)');
  const version = library.func('const char *ggml_version()')();
  return {
    version,
    /** (values, row length, weights or null, bytes), or nothing. Types that models do not hold have the row function only. */
    quantizer(name) {
      const type = types.get(name);
      if (!type) return undefined;
      if (find(library, `size_t quantize_${type.type_name}()`))
        return (values, rowLength, weights, bytes) =>
          chunk(type.id, values, bytes, 0, values.length / rowLength, rowLength, weights);
      const row = find(library, `void quantize_row_${type.type_name}_ref(const void *x, void *y, int64_t k)`);
      return row && ((values, _rowLength, _weights, bytes) => row(values, bytes, values.length));
    },
    /** (bytes, values), or nothing. */
    dequantizer(name) {
      const type = types.get(name);
      if (!type) return undefined;
      const row = type.to_float
        ? koffi.decode(type.to_float, toFloat)
        : find(library, `void dequantize_row_${type.type_name}(const void *x, void *y, int64_t k)`);
      return row && ((bytes, values) => row(bytes, values, values.length));
    },
  };
}
