// fewbits/files in Node: paths and FileHandles too.
import { nodeInflate, nodeSource } from './containers/node.ts';
import { analyzeModel as analyze } from './files/analyze.ts';
import { compareModels as compare } from './files/compare.ts';
import { converter, planConversion as plan } from './files/convert.ts';
import { parseImportance } from './files/importance.ts';
import { nodeSink } from './files/node-sink.ts';
import { opener } from './files/open.ts';
import { partConverter, partJoiner } from './files/parts.ts';
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
import { init } from './index.node.ts';

export const openModel: OpenModel = opener({ init, source: nodeSource, inflate: nodeInflate });
export const planConversion: PlanConversion = plan;
export const convertModel: ConvertModel = converter({ open: nodeSink });
export const convertPart: ConvertPart = partConverter({ open: nodeSink });
export const joinParts: JoinParts = partJoiner({ open: nodeSink, source: nodeSource });
export const analyzeModel: AnalyzeModel = analyze;
export const compareModels: CompareModels = compare;
export const openImportance: OpenImportance = async (source) => parseImportance(await nodeSource(source), await init());

export { fileMemory } from './files/file-memory.ts';
export { modelConfig } from './files/model-config.ts';
export { type Plan, type PlanTensor, planFlags, planOverrides, planTypes } from './files/plan.ts';
export { recipeTypes } from './files/recipes.ts';
