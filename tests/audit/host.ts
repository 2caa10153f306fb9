// A static host as they are: text and wasm leave it gzipped. Everything else is the page's own server's.
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Served, serve } from '../../web/build/serve.mjs';

const COMPRESSIBLE = /^(text\/|application\/(json|wasm)|image\/svg)/;

export interface Host extends Served {
  /** The scripts that pages asked for since the last call, as paths in the folder; without those of their workers. */
  scripts(): string[];
}

export async function serveGzipped(): Promise<Host> {
  const inner = await serve();
  const scripts = new Set<string>();
  const packed = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const { host: _, ...headers } = request.headers;
    // A worker's imports are for a worker, too.
    if (headers['sec-fetch-dest'] === 'script') scripts.add(request.url!.slice(1));
    get(new URL(request.url!, inner.address), { headers }, async (answer) => {
      const body = Buffer.concat(await answer.toArray());
      const gzip = answer.statusCode === 200 && COMPRESSIBLE.test(answer.headers['content-type'] ?? '');
      if (gzip && !packed.has(request.url!)) packed.set(request.url!, gzipSync(body, { level: 9 }));
      const sent = gzip ? packed.get(request.url!)! : body;
      response.writeHead(answer.statusCode!, {
        ...answer.headers,
        ...(gzip && { 'content-encoding': 'gzip', vary: 'accept-encoding' }),
        'content-length': sent.length,
      });
      response.end(sent);
    }).on('error', () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    scripts() {
      const asked = [...scripts].sort();
      scripts.clear();
      return asked;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await inner.close();
    },
  };
}
