// npm start: builds the package and the page where something changed since they were built, then serves the page.
import { buildWhatIsStale } from './stale.mjs';

buildWhatIsStale();
await import('./serve.mjs');
