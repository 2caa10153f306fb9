// Serves site/ on loopback, under the policy that the built page carries, and prints its address.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { policy } from './policy.mjs';

const site = fileURLToPath(new URL('../../site/', import.meta.url));

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** The file that an address names, undefined where there is none; never one outside the folder. */
async function fileOf(folder, address) {
  const name = decodeURIComponent(new URL(address, 'http://localhost').pathname);
  const file = path.join(folder, name.endsWith('/') ? `${name}index.html` : name);
  if (!file.startsWith(folder)) return undefined;
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? { file, size: found.size } : undefined;
}

/** 'bytes=0-147455', the one form that the page asks for. */
function rangeOf(header, size) {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header ?? '') ?? [];
  if (first === undefined || Number(first) > Number(last) || Number(last) >= size) return undefined;
  return { start: Number(first), end: Number(last) };
}

async function answer(folder, request, response) {
  const found = await fileOf(folder, request.url).catch(() => undefined);
  if (!found || (request.method !== 'GET' && request.method !== 'HEAD')) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here.\n');
    return;
  }
  const { file, size } = found;
  const range = rangeOf(request.headers.range, size);
  response.writeHead(range ? 206 : 200, {
    'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
    'content-length': range ? range.end - range.start + 1 : size,
    'content-security-policy': policy,
    'cache-control': 'no-cache',
    'accept-ranges': 'bytes',
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
  });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file, range).pipe(response);
}

/** Serves a folder; resolves when it listens. Port 0 takes a free one. */
export function serve({ folder = site, port = 0 } = {}) {
  const server = createServer((request, response) => void answer(folder, request, response));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = `http://127.0.0.1:${server.address().port}/`;
      resolve({ address, close: () => new Promise((done) => server.close(done)) });
    });
  });
}

async function main() {
  const usual = Number(process.env.PORT ?? 8000);
  const { address } = await serve({ port: usual }).catch(() => serve());
  console.log(`fewbits is at ${address} (Ctrl+C ends it)`);
}

const started = process.argv[1] ? pathToFileURL(process.argv[1]).href : '';
if (started === import.meta.url || started.endsWith('/start.mjs')) await main();
