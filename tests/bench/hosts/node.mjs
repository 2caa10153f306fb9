// The benchmark in a Node process of its own: forked with the folder that holds harness.js and bench.wasm, it takes one
// message, { run: options } or { cold: job }, and sends { progress } and then { result } or { error }.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadGgml } from './ggml.mjs';

const [folder] = process.argv.slice(2);
const { run, cold } = await import(pathToFileURL(path.join(folder, 'harness.js')).href);
const wasm = await readFile(path.join(folder, 'bench.wasm'));

async function load() {
  const { init } = await import('../../../dist/index.node.js');
  return init();
}

async function loadOnnx() {
  const onnx = await import('onnxruntime-web');
  onnx.env.wasm.numThreads = 1;
  return onnx;
}

async function answer(message) {
  if (message.cold) return cold(message.cold, wasm, load);
  const report = (...progress) => process.send({ progress });
  const peers = { onnx: await loadOnnx(), ggml: await loadGgml() };
  return run({ fewbits: await load(), wasm, peers, report }, message.run);
}

process.once('message', async (message) => {
  const reply = await answer(message).then(
    (result) => ({ result }),
    (error) => ({ error: error.message }),
  );
  process.send(reply, () => process.exit());
});
process.once('disconnect', () => process.exit());
