// fewbits/files in Node: paths and FileHandles too.
import { nodeInflate, nodeSource } from './containers/node.ts';
import { analyzeModel as analyze } from './files/analyze.ts';
import { converter, planConversion as plan } from './files/convert.ts';
import { parseImportance } from './files/importance.ts';
import { nodeSink } from './files/node-sink.ts';
import { opener } from './files/open.ts';
import type { AnalyzeModel, ConvertModel, OpenImportance, OpenModel, PlanConversion } from './files/types.ts';
import { init } from './index.node.ts';

export const openModel: OpenModel = opener({ init, source: nodeSource, inflate: nodeInflate });
export const planConversion: PlanConversion = plan;
export const convertModel: ConvertModel = converter({ open: nodeSink });
export const analyzeModel: AnalyzeModel = analyze;
export const openImportance: OpenImportance = async (source) => parseImportance(await nodeSource(source), await init());

export { fileMemory } from './files/file-memory.ts';
export { modelConfig } from './files/model-config.ts';
export { planFlags, planOverrides } from './files/plan.ts';
export { recipeTypes } from './files/recipes.ts';
