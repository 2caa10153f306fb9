// npm run dev: the page from its sources, reloading as they change. `npm run build` once before, for the wasm.
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const server = await createServer({ configFile: fileURLToPath(new URL('./vite.config.mts', import.meta.url)) });
await server.listen();
server.printUrls();
