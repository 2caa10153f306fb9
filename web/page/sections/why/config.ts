// A file that should be a config.json.
import type { ModelConfig } from '../../../lib/types.ts';

/** Real ones have a few kB. */
const LARGEST = 1_000_000;

/** The configuration, or a sentence that says why the file is none. */
export async function readConfig(file: Pick<File, 'name' | 'size' | 'text'>): Promise<ModelConfig | string> {
  const { name } = file;
  if (file.size > LARGEST) return `${name} is too large for a config.json: those have a few kB.`;
  try {
    const config: unknown = JSON.parse(await file.text());
    if (typeof config === 'object' && config !== null && 'model_type' in config) return config as ModelConfig;
    return `${name} has no model_type: it is no model’s config.json.`;
  } catch {
    return `${name} is not JSON. A model’s config.json is wanted here.`;
  }
}
