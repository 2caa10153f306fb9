// NumPy itself, Debian's, reads what is written as .npy, and np.save writes the same bytes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { init } from 'fewbits';
import { type ConvertOptions, convertModel, type ModelSource, openModel } from 'fewbits/files';
import { load, pathOf } from './containers.ts';

/** The system's own comes first: others on the PATH need not have NumPy. */
const PYTHON = ['/usr/bin/python3', 'python3'];

function pythonWithNumpy(): string | undefined {
  return PYTHON.find((python) => {
    try {
      execFileSync(python, ['-c', 'import numpy'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

const python = pythonWithNumpy();
// Where cpp/toolchain/setup.sh installs it, its absence is a failure.
const skip = !python && !existsSync('/usr/bin/apt-get') && 'there is no python3 with NumPy, nor apt-get to install it';

/** Of every file: whether it holds what is expected, and whether np.save would write the same. */
const SCRIPT = `
import io, json, sys
import numpy
for line in sys.stdin:
    case = json.loads(line)
    array = numpy.load(case['file'], allow_pickle=False)
    saved = io.BytesIO()
    numpy.save(saved, array)
    print(json.dumps({
        'dtype': array.dtype.str, 'shape': array.shape, 'data': array.tobytes().hex(),
        'numbers': [str(value) for value in array.ravel()[:4]],
        'saved': saved.getvalue() == open(case['file'], 'rb').read(),
    }))
`;

interface Read {
  dtype: string;
  shape: number[];
  /** Little-endian, row-major, as hexadecimal digits. */
  data: string;
  numbers: string[];
  saved: boolean;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A safetensors file of one tensor: of any type and shape. */
function tensorOf(dtype: string, shape: number[], data: Uint8Array<ArrayBuffer>): Blob {
  const header = new TextEncoder().encode(JSON.stringify({ w: { dtype, shape, data_offsets: [0, data.length] } }));
  const head = new Uint8Array(8);
  head[0] = header.length;
  return new Blob([head, header, data]);
}

const DTYPES: readonly [safetensors: string, numpy: string, bytes: number][] = [
  ['F16', '<f2', 2],
  ['F32', '<f4', 4],
  ['F64', '<f8', 8],
  ['I8', '|i1', 1],
  ['I16', '<i2', 2],
  ['I32', '<i4', 4],
  ['I64', '<i8', 8],
  ['U8', '|u1', 1],
  ['U16', '<u2', 2],
  ['U32', '<u4', 4],
  ['U64', '<u8', 8],
  ['BOOL', '|b1', 1],
];
const SHAPES = [[], [0], [1], [7], [2, 0, 5], [3, 4], [2, 3, 4], [123_456, 1]];

interface Written {
  file: string;
  dtype: string;
  shape: number[];
  data: string;
}

/** Bytes that repeat late, below 2 for truth values, and no NaN among them whose sign would be lost. */
function someBytes(count: number, dtype: string): Uint8Array<ArrayBuffer> {
  const most = dtype === 'BOOL' ? 2 : 120;
  return Uint8Array.from({ length: count }, (_, i) => (i * 37 + (i >> 8)) % most);
}

test('NumPy reads every type and shape that is written, and would write the same', { skip }, async () => {
  assert.ok(python, 'NumPy is not installed: cpp/toolchain/setup.sh module tests installs python3-numpy');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fewbits-numpy-'));
  const written: Written[] = [];
  const write = async (source: ModelSource, options: Partial<ConvertOptions>, expected: Omit<Written, 'file'>) => {
    const file = path.join(folder, `${written.length}.npy`);
    await convertModel(await openModel(source), file, { to: 'npy', ...options });
    written.push({ file, ...expected });
  };
  try {
    for (const [stored, dtype, bytes] of DTYPES)
      for (const shape of SHAPES) {
        const data = someBytes(bytes * shape.reduce((count, size) => count * size, 1), stored);
        await write(tensorOf(stored, shape, data), {}, { dtype, shape, data: hex(data) });
      }
    await writeConverted(write);
    const lines = execFileSync(python, ['-c', SCRIPT], {
      input: written.map(({ file }) => JSON.stringify({ file })).join('\n'),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const found: Read[] = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(found.length, written.length);
    assert.ok(found.length > 100);
    for (const [i, { dtype, shape, data }] of written.entries()) {
      const what = `${dtype} [${shape}]`;
      assert.deepEqual([found[i]!.dtype, found[i]!.shape], [dtype, shape], what);
      assert.ok(found[i]!.data === data, `${what}: ${found[i]!.numbers}`);
      assert.ok(found[i]!.saved, `${what}: np.save writes another file`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Values that are not the file's own: cast, dequantized, turned around, put in order. */
async function writeConverted(
  write: (source: ModelSource, options: Partial<ConvertOptions>, expected: Omit<Written, 'file'>) => Promise<void>,
): Promise<void> {
  const fewbits = await init();
  const model = await openModel(pathOf('gguf/llama_mix.gguf'));
  for (const { name, shape } of model.tensors) {
    const values = await model.read(name);
    const codes = fewbits.encode(values, 'float16');
    const expected = { shape: [...shape] };
    await write(
      pathOf('gguf/llama_mix.gguf'),
      { tensor: name, type: 'float32' },
      { ...expected, dtype: '<f4', data: hex(new Uint8Array(values.buffer)) },
    );
    await write(
      pathOf('gguf/llama_mix.gguf'),
      { tensor: name, type: 'float16' },
      { ...expected, dtype: '<f2', data: hex(new Uint8Array(codes.buffer)) },
    );
  }
  for (const file of ['npy/big_f4.npy', 'npy/fortran_f4_3d.npy']) {
    const before = await openModel(load(file));
    const values = await before.read('');
    const shape = [...before.tensors[0]!.shape];
    await write(load(file), {}, { shape, dtype: '<f4', data: hex(new Uint8Array(values.buffer)) });
  }
}
