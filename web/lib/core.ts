// The wasm module as bindings.cpp exports it, and how it is instantiated.

/** What bindings.cpp exports. Addresses are bytes in the arena; most functions answer with a Status. */
export interface Core {
  arena(): number;
  arenaBytes(): number;
  checkFormat(format: number): number;
  numberFacts(format: number, facts: number): number;
  encode(format: number, values: number, doubles: boolean, count: number, codes: number, saturate: boolean): number;
  decode(format: number, codes: number, count: number, values: number): number;
  cast(format: number, values: number, doubles: boolean, count: number, kept: number, saturate: boolean): number;
  packBits(codes: number, count: number, bits: number, bytes: number): number;
  unpackBits(bytes: number, bits: number, count: number, codes: number): number;
  findNonFinite(values: number, count: number): number;
  rangeRuns(values: number, rows: number, width: number, min: number, max: number): number;
  rangeRows(values: number, rows: number, width: number, min: number, max: number): number;
  affineFromRanges(rule: number, min: number, max: number, count: number, scale: number, zeroPoint: number): number;
  quantize: Panel;
  dequantize: Panel;
  percentileBegin(percent: number, magnitudes: boolean, count: number): number;
  percentileAdd(values: number, count: number): number;
  percentileEndPass(): boolean;
  percentileValue(): number;
  leastSquaresBegin(rule: number, min: number, max: number): number;
  leastSquaresAdd(values: number, count: number): number;
  leastSquaresBest(range: number): number;
  entropyBegin(rule: number, min: number, max: number): number;
  entropyAdd(values: number, count: number): number;
  entropyBest(range: number): number;
  compare(original: number, restored: number, doubles: boolean, count: number, state: number): number;
  summarize(values: number, doubles: boolean, count: number, state: number): number;
  squaredDeviation(values: number, doubles: boolean, count: number, mean: number, state: number): number;
  countOutliers(values: number, doubles: boolean, count: number, mean: number, limit: number, state: number): number;
  histogramEdges(min: number, max: number, bins: number, log: boolean, edges: number): number;
  histogram(
    values: number,
    doubles: boolean,
    count: number,
    min: number,
    max: number,
    bins: number,
    log: boolean,
    edges: number,
    counts: number,
  ): number;
  observe(what: number, values: number, count: number, running: number): number;
  tensorScale(format: number, observed: number, count: number): number;
  quantizeBlocks(
    format: number,
    values: number,
    count: number,
    blockSize: number,
    scaleRule: number,
    tensorScale: number,
    importance: number,
    sigma2: number,
    bytes: number,
    absmax: number,
  ): number;
  dequantizeBlocks(
    format: number,
    bytes: number,
    count: number,
    blockSize: number,
    tensorScale: number,
    values: number,
    absmax: number,
  ): number;
  nest(absmax: number, count: number, offset: number, codes: number, scales: number, back: boolean): number;
  ask(question: number, text: number, length: number, reply: number, capacity: number): number;
}

type Panel = (
  rule: number,
  from: number,
  rows: number,
  width: number,
  perRow: boolean,
  scale: number,
  zeroPoint: number,
  to: number,
) => number;

type Imports = WebAssembly.Imports;
type Received = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;
/** Emscripten's glue: fills in the imports, hands them over, and waits for the instance. */
export type Glue = (options: {
  instantiateWasm(imports: Imports, received: Received): Record<string, never>;
}) => Promise<Core>;

/** Instantiates a compiled module. */
export async function instantiate(
  glue: Glue,
  module: WebAssembly.Module,
): Promise<{ core: Core; memory: WebAssembly.Memory }> {
  let memory: WebAssembly.Memory | undefined;
  const core = await new Promise<Core>((resolve, reject) => {
    glue({
      instantiateWasm(imports, received) {
        WebAssembly.instantiate(module, imports).then((instance) => {
          memory = Object.values(instance.exports).find((item) => item instanceof WebAssembly.Memory);
          received(instance, module);
        }, reject);
        return {};
      },
    }).then(resolve, reject);
  });
  return { core, memory: memory! };
}
