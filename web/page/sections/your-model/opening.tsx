// Opening a model: chosen, dropped on the figure, or given elsewhere on the page.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FigureProps } from '../../kit/contract.ts';
import { Problem } from '../../kit/controls/problem.tsx';
import { takeModels } from '../../kit/models.ts';
import { sentenceOf } from '../../kit/page.ts';
import type { Options, View } from './options.ts';

interface OpenModelProps {
  view: View;
  options: Options;
  ask: FigureProps<Options, View>['ask'];
  update(coming: Promise<View | undefined>): Promise<void>;
}

export function OpenModel({ view, options, ask, update }: OpenModelProps) {
  const input = useRef<HTMLInputElement>(null);
  const [opening, setOpening] = useState('');
  const [problem, setProblem] = useState('');

  // What was said of a file is old once the reader goes on with another.
  useEffect(() => setProblem(''), [options]);

  const through = async (name: string, coming: Promise<View | undefined>) => {
    setProblem('');
    setOpening(name);
    try {
      await update(coming);
    } catch (error) {
      setProblem(sentenceOf(error));
    }
    setOpening('');
  };
  const open = (files: readonly File[]) => {
    if (files.length > 0) void through(files[0]!.name, ask<View>('open', { files, options }));
  };
  const over = useDrop(input, open);
  return (
    <div class={over ? 'line opening over' : 'line opening'}>
      <button type="button" class="button primary" onClick={() => input.current!.click()}>
        Open a model
      </button>
      <input
        ref={input}
        type="file"
        multiple
        class="hidden"
        tabIndex={-1}
        aria-label="Model files"
        onChange={(event) => {
          open([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
      {!view.isExample && (
        <button type="button" class="button" onClick={() => through('the example', ask<View>('example', options))}>
          Back to the example
        </button>
      )}
      <span class="note" aria-live="polite">
        {opening ? `opening ${opening} …` : WHAT}
      </span>
      <Problem text={problem} />
    </div>
  );
}

const WHAT =
  'or drop it on this figure: safetensors, GGUF, ONNX, .npz or .npy, with all its parts and its config.json if it has them. It stays in this tab.';

/** Files that are dropped on the figure around `inside`; whether some are held over it. */
function useDrop(inside: { current: Element | null }, open: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(open);
  latest.current = open;
  useEffect(() => {
    const figure = inside.current!.closest<HTMLElement>('figure')!;
    const on = {
      dragenter: () => setOver(true),
      dragleave: (event: DragEvent) => {
        if (!figure.contains(event.relatedTarget as Node | null)) setOver(false);
      },
      drop: (event: DragEvent) => {
        setOver(false);
        const files = [...(event.dataTransfer?.files ?? [])];
        if (files.length === 0) return;
        event.preventDefault();
        latest.current(files);
      },
    };
    const listeners = Object.entries(on) as [keyof typeof on, (event: DragEvent) => void][];
    for (const [name, listener] of listeners) figure.addEventListener(name, listener);
    const forget = takeModels((files) => latest.current(files));
    return () => {
      for (const [name, listener] of listeners) figure.removeEventListener(name, listener);
      forget();
    };
  }, []);
  return over;
}
