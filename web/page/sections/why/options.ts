import { flag, number, type Option, type OptionsOf, text } from '../../kit/options.ts';

/** Well-known models, the default first; catalog.ts has their sizes. */
export const NAMES = [
  'Llama 3 70B',
  'Llama 3 8B',
  'Llama 3.1 405B',
  'Llama 3.2 1B',
  'Llama 2 7B',
  'Llama 2 13B',
  'Llama 2 70B',
  'Mistral 7B v0.3',
  'Mistral Nemo 12B',
  'Mixtral 8x7B',
  'Qwen2.5 0.5B',
  'Qwen2.5 7B',
  'Qwen2.5 32B',
  'Qwen2.5 72B',
  'Qwen3 0.6B',
  'Qwen3 4B',
  'Qwen3 8B',
  'Qwen3 14B',
  'Qwen3 30B-A3B',
  'Qwen3 Next 80B-A3B',
  'Gemma 7B',
  'Gemma 2 2B',
  'Gemma 2 27B',
  'Gemma 3 1B',
  'Gemma 3 4B',
  'Phi-2',
  'Phi-3.5 mini',
  'Phi-4 14B',
  'OLMo 2 7B',
  'OLMoE 1B-7B',
  'gpt-oss 20B',
  'DeepSeek V3',
  'Falcon Mamba 7B',
  'SmolLM2 135M',
  'TinyLlama 1.1B',
  'GPT-2 small',
] as const;
export const idOf = (name: string): string => name.toLowerCase().replaceAll(' ', '-');

/** In `options.model`: a config.json of the reader's own, which never travels in a link, or nothing but a count. */
export const OWN = 'own';
export const COUNT = 'count';

const modelOption: Option<string> = {
  default: idOf(NAMES[0]),
  parse: (id) => (id === COUNT || NAMES.some((name) => idOf(name) === id) ? id : undefined),
  format: (id) => id,
};

export const options = {
  model: modelOption,
  /** Where `model` is COUNT. */
  parameters: number(70e9, { min: 1, max: 1e15, whole: true }),
  context: number(8192, { min: 1, max: 2 ** 24, whole: true }),
  batch: number(1, { min: 1, max: 4096, whole: true }),
  /** The bar that is looked at: bits, a block format, or a recipe. */
  type: text('q4_k', { maxLength: 24 }),
  /** In GB. */
  memory: number(48, { min: 0, max: 1e6 }),
  log: flag(false),
  /** Every format, not only those that most files are in. */
  all: flag(false),
};
export type Options = OptionsOf<typeof options>;
