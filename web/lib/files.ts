// fewbits/files in browsers: models out of files. The core is the one of `init()`.
import { webInflate, webSource } from './containers/web.ts';
import { analyzeModel as analyze } from './files/analyze.ts';
import { compareModels as compare } from './files/compare.ts';
import { converter, planConversion as plan } from './files/convert.ts';
import { parseImportance } from './files/importance.ts';
import { opener } from './files/open.ts';
import { partConverter, partJoiner } from './files/parts.ts';
import { webSink } from './files/sinks.ts';
import type {
  AnalyzeModel,
  CompareModels,
  ConvertModel,
  ConvertPart,
  JoinParts,
  OpenImportance,
  OpenModel,
  PlanConversion,
} from './files/types.ts';
import { init } from './index.ts';

export const openModel: OpenModel = opener({ init, source: webSource, inflate: webInflate });
export const planConversion: PlanConversion = plan;
export const convertModel: ConvertModel = converter({ open: webSink });
export const convertPart: ConvertPart = partConverter({ open: webSink });
export const joinParts: JoinParts = partJoiner({ open: webSink, source: webSource });
export const analyzeModel: AnalyzeModel = analyze;
export const compareModels: CompareModels = compare;
export const openImportance: OpenImportance = async (source) => parseImportance(await webSource(source), await init());

export { fileMemory } from './files/file-memory.ts';
export { modelConfig } from './files/model-config.ts';
export { type Plan, type PlanTensor, planFlags, planOverrides, planTypes } from './files/plan.ts';
export { recipeTypes } from './files/recipes.ts';
export type * from './files/types.ts';
