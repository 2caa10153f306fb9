// Model files that are given anywhere on the page: the chapter about the reader's model takes them.

/** By their first bytes or, where those say little, by their names. */
export async function isModel(file: File): Promise<boolean> {
  if (/\.(safetensors|gguf|onnx|npz|index\.json)$/i.test(file.name)) return true;
  const head = new Uint8Array(await file.slice(0, 10).arrayBuffer());
  const text = String.fromCharCode(...head);
  return text.startsWith('GGUF') || /^.{6}\0\0\{"/s.test(text);
}

type Take = (files: readonly File[]) => void;
let take: Take | undefined;
let waiting: readonly File[] | undefined;

const chapter = () => document.getElementById('your-model');

/** Not in a figure on another page. */
export const hasModels = () => chapter() !== null;

/** Leads to the chapter and gives it the files, as soon as it is awake. */
export function openAsModel(files: readonly File[]): void {
  chapter()!.scrollIntoView();
  if (take) take(files);
  else waiting = files;
}

/** Takes what is given from now on, and what has been waiting. */
export function takeModels(taker: Take): () => void {
  take = taker;
  if (waiting) take(waiting);
  waiting = undefined;
  return () => {
    take = undefined;
  };
}
