// The process that holds libllama: a job in, its time out. What the library logs goes to stderr.
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import koffi from 'koffi';

const folder = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@node-llama-cpp/linux-x64')),
  '../bins/linux-x64',
);
// Its name carries llama.cpp's version.
const library = koffi.load(
  path.join(
    folder,
    readdirSync(folder).find((file) => /^libllama\.(v.*\.)?so$/.test(file)),
  ),
);

koffi.struct('llama_model_imatrix_data', { name: 'const char *', data: 'const float *', size: 'size_t' });
// The value is a number of 64 bits or a text of at most 127 bytes.
koffi.struct('llama_model_kv_override', {
  tag: 'int',
  key: koffi.array('char', 128, 'String'),
  gap: 'int32_t',
  value: koffi.array('uint8_t', 128, 'Typed'),
});
// llama.h of that version; the last two numbers were not there in earlier ones, and keep their defaults.
const Params = koffi.struct('llama_model_quantize_params', {
  nthread: 'int32_t',
  ftype: 'int',
  output_tensor_type: 'int',
  token_embedding_type: 'int',
  allow_requantize: 'bool',
  quantize_output_tensor: 'bool',
  only_copy: 'bool',
  pure: 'bool',
  keep_split: 'bool',
  dry_run: 'bool',
  imatrix: 'const llama_model_imatrix_data *',
  kv_overrides: 'const llama_model_kv_override *',
  tt_overrides: 'const void *',
  prune_layers: 'const void *',
  rest: koffi.array('int32_t', 2, 'Array'),
});
const defaults = library.func('llama_model_quantize_params llama_model_quantize_default_params()');
const quantize = library.func(
  'uint32_t llama_model_quantize(const char *, const char *, const llama_model_quantize_params *)',
);

/** A struct that is not laid out as above would say other things by default. */
function checkLayout({ nthread, ftype, output_tensor_type, token_embedding_type, ...rest }) {
  const types = output_tensor_type === token_embedding_type && output_tensor_type > 40;
  const flags = Object.values(rest).filter((value) => value === true).length === 1 && rest.quantize_output_tensor;
  const pointers = ['imatrix', 'kv_overrides', 'tt_overrides', 'prune_layers'].every((name) => rest[name] === null);
  if (nthread === 0 && ftype === 7 && types && flags && pointers) return;
  throw new Error(`llama_model_quantize_params of ${koffi.sizeof(Params)} bytes is not laid out as expected`);
}

/** Ends with an entry without a name. */
const importanceList = (entries) => [
  ...entries.map(([name, data]) => ({ name, data, size: data.length })),
  { name: null, data: null, size: 0 },
];

const INTEGER = 0;
const TEXT = 3;

/** Ends with an entry without a key. */
const overrideList = (pairs) => [
  ...pairs.map(([key, given]) => {
    const value = Buffer.alloc(128);
    if (typeof given === 'string') value.write(given, 0, 127);
    else value.writeBigInt64LE(BigInt(given));
    return { tag: typeof given === 'string' ? TEXT : INTEGER, key, gap: 0, value };
  }),
  { tag: INTEGER, key: '', gap: 0, value: Buffer.alloc(128) },
];

const milliseconds = ({ user, system }) => (user + system) / 1000;

process.on('message', ({ input, output, fileType, threads, pure = false, importance, keys }) => {
  const params = {
    ...defaults(),
    ...{ nthread: threads, ftype: fileType, pure, allow_requantize: true },
    imatrix: importance ? importanceList(importance) : null,
    kv_overrides: keys ? overrideList(keys) : null,
  };
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  const failed = quantize(input, output, params) !== 0;
  const time = { wall: performance.now() - begin, cpu: milliseconds(process.cpuUsage(cpu)) };
  process.send(failed ? { failed } : { time });
});
checkLayout(defaults());
process.send('ready');
