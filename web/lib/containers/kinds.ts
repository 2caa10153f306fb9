// What kinds of models there are. Types alone: callers see them, and may do without those of a browser.

export type ModelFormat = 'gguf' | 'safetensors' | 'npy' | 'npz' | 'onnx';

/** How the weights of a checkpoint are quantized, beyond the types of its tensors. */
export interface Quantization {
  /** 'gptq', 'awq', 'compressed-tensors', 'bitsandbytes', 'fp8', 'mxfp4', 'modelopt', 'bitnet'. */
  method: string;
  /** The variant where the method has several: 'pack-quantized', 'nf4', ... */
  format?: string;
  /** Bits of a code, where it is known. */
  bits?: number;
  /** How many layers show it. */
  layers: number;
}
