import type { Ggml } from '../job.ts';

export function loadGgml(): Promise<Ggml | undefined>;
