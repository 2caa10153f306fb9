// Builds the page into site/.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

await build({ configFile: fileURLToPath(new URL('./vite.config.mts', import.meta.url)), logLevel: 'warn' });
