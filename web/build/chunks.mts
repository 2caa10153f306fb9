// Which module goes into which file. Every file is compressed by itself, so a few large ones weigh much less than many
// small ones; what page and worker both need is shipped once.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../page/', import.meta.url));

interface Graph {
  getModuleInfo(id: string): { importedIds: readonly string[]; dynamicallyImportedIds: readonly string[] } | null;
}

/** What a module loads with itself; with `late`, also what it may load after. */
function reach(graph: Graph, from: readonly string[], late: boolean): Set<string> {
  const seen = new Set(from);
  for (const id of seen) {
    const info = graph.getModuleInfo(id);
    for (const next of info?.importedIds ?? []) seen.add(next);
    if (late) for (const next of info?.dynamicallyImportedIds ?? []) seen.add(next);
  }
  return seen;
}

const firstFigure = /<fewbits-([a-z-]+)/.exec(readFileSync(path.join(page, 'index.html'), 'utf8'))![1];

const at = (file: string) => path.join(page, file);
const entries = [at('main.tsx'), at('embed.tsx')];

/** Every worker, started by the client.ts beside it; `own` names the file of what it alone needs. */
export const WORKERS = [
  { name: 'worker', script: at('kit/worker.ts'), own: 'models' },
  { name: 'model-worker', script: at('sections/your-model/worker.ts'), own: 'files' },
] as const;

function partsOf(graph: Graph) {
  return {
    workers: WORKERS.map(({ script, own }) => ({ own, modules: reach(graph, [script], true) })),
    page: reach(graph, entries, true),
    first: reach(graph, [...entries, at(`sections/${firstFigure}/figure.tsx`)], false),
  };
}

const known = new WeakMap<Graph, ReturnType<typeof partsOf>>();

/** The file of a module, by who needs it, and whether it is needed at once. */
export function chunkOf(id: string, graph: Graph): string | null {
  if (entries.includes(id)) return null;
  if (!known.has(graph)) known.set(graph, partsOf(graph));
  const parts = known.get(graph)!;
  const workers = parts.workers.filter(({ modules }) => modules.has(id));
  if (!parts.page.has(id)) return workers.length === 1 ? workers[0]!.own : 'library';
  const shared = workers.length > 0;
  if (parts.first.has(id)) return shared ? 'shared' : 'page';
  return shared ? 'options' : 'chapters';
}
