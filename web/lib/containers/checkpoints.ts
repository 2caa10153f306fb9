// Checkpoints that are quantized in a scheme of their own: seen by the names of their tensors, named with the help of the
// config.json beside. Their tensors are listed and read as they are stored.
import type { Quantization } from '../files/types.ts';
import { CONFIG } from './limits.ts';
import type { Source } from './source.ts';
import type { Container, StoredTensor } from './tensor.ts';

interface Sign {
  method: string;
  format?: string;
  bits?: number;
  /** How the name of the tensor ends that only this scheme has. */
  ending: RegExp;
  /** What else must be true of it. */
  and?: (tensor: StoredTensor, byName: ReadonlyMap<string, StoredTensor>) => boolean;
}

const beside = (tensor: StoredTensor, byName: ReadonlyMap<string, StoredTensor>, from: RegExp, to: string) =>
  byName.get(tensor.name.replace(from, to));

const QWEIGHT = /\.qweight$/;
const SCALE = /\.weight_scale$/;

/** In this order: who has several signs is named by the first. */
const SIGNS: readonly Sign[] = [
  { method: 'bitsandbytes', format: 'nf4', bits: 4, ending: /\.quant_state\.bitsandbytes__nf4$/ },
  { method: 'bitsandbytes', format: 'fp4', bits: 4, ending: /\.quant_state\.bitsandbytes__fp4$/ },
  { method: 'bitsandbytes', format: 'int8', bits: 8, ending: /\.SCB$/ },
  {
    // AWQ packs outputs, so that qweight is as high as scales' groups span; GPTQ packs inputs, and qweight is as wide as scales.
    ...{ method: 'awq', bits: 4, ending: QWEIGHT },
    and: (tensor, byName) => {
      const scales = beside(tensor, byName, QWEIGHT, '.scales');
      return scales !== undefined && tensor.shape[1]! * 8 === scales.shape[1];
    },
  },
  {
    ...{ method: 'gptq', ending: QWEIGHT },
    and: (tensor, byName) => beside(tensor, byName, QWEIGHT, '.scales')?.shape[1] === tensor.shape[1],
  },
  { method: 'fp8', bits: 8, ending: /\.weight_scale_inv$/ },
  { method: 'fp8', bits: 8, ending: /\.qscale_weight$/ },
  { method: 'mxfp4', bits: 4, ending: /(_blocks|\.blocks)$/, and: ({ storedType }) => storedType === 'U8' },
  { method: 'modelopt', format: 'nvfp4', bits: 4, ending: /\.weight_scale_2$/ },
  { method: 'compressed-tensors', format: 'nvfp4-pack-quantized', bits: 4, ending: /\.weight_global_scale$/ },
  {
    ...{ method: 'compressed-tensors', format: 'mxfp4-pack-quantized', bits: 4, ending: /\.weight_packed$/ },
    and: ({ storedType }) => storedType === 'U8',
  },
  { method: 'compressed-tensors', format: 'pack-quantized', ending: /\.weight_packed$/ },
  {
    ...{ method: 'compressed-tensors', format: 'float-quantized', bits: 8, ending: SCALE },
    and: (tensor, byName) => beside(tensor, byName, SCALE, '.weight')?.storedType === 'F8_E4M3',
  },
  {
    ...{ method: 'compressed-tensors', format: 'int-quantized', bits: 8, ending: SCALE },
    and: (tensor, byName) => beside(tensor, byName, SCALE, '.weight')?.storedType === 'I8',
  },
  {
    ...{ method: 'bitnet', bits: 2, ending: SCALE },
    and: (tensor, byName) => beside(tensor, byName, SCALE, '.weight')?.storedType === 'U8',
  },
];

/** How the checkpoint is quantized, or nothing where it is not. */
export async function recognise(source: Source, container: Container): Promise<Quantization | undefined> {
  const byName = new Map(container.tensors.map((tensor) => [tensor.name, tensor]));
  const sign = SIGNS.find(({ ending, and }) =>
    container.tensors.some((tensor) => ending.test(tensor.name) && (and?.(tensor, byName) ?? true)),
  );
  if (!sign) return undefined;
  const { method, format, ending, and } = sign;
  const layers = container.tensors.filter((t) => ending.test(t.name) && (and?.(t, byName) ?? true)).length;
  const config = await readConfig(source);
  const bits = config.bits ?? sign.bits;
  const seen = { method: config.quant_method ?? method, layers, ...(bits !== undefined && { bits }) };
  const word = config.format ?? format;
  return word === undefined ? seen : { ...seen, format: word };
}

interface Config {
  quant_method?: string;
  format?: string;
  bits?: number;
}

/** What config.json or its older companions say; what they do not say well is left to the tensors. */
async function readConfig(source: Source): Promise<Config> {
  for (const name of ['config.json', 'quantize_config.json', 'hf_quant_config.json']) {
    const file = await source.sibling?.([name], false).catch(() => undefined);
    if (!file || file.size > CONFIG) continue;
    const found = parseConfig(new TextDecoder().decode(await file.read(0, file.size)), name);
    if (found) return found;
  }
  return {};
}

function parseConfig(text: string, name: string): Config | undefined {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return undefined;
  }
  const whole = Object(config) as Record<string, unknown>;
  const section = Object(name === 'config.json' ? whole['quantization_config'] : (whole['quantization'] ?? whole));
  const { quant_method, format, bits } = section as Record<string, unknown>;
  const found: Config = {};
  if (typeof quant_method === 'string') found.quant_method = quant_method;
  if (typeof format === 'string') found.format = format;
  if (typeof bits === 'number') found.bits = bits;
  return Object.keys(found).length > 0 ? found : undefined;
}
