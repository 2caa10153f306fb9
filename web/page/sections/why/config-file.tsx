import { useEffect, useRef, useState } from 'preact/hooks';
import { readConfig } from './config.ts';
import type { Subject } from './model.ts';

interface ConfigFileProps {
  /** Takes what was read; gives back a sentence where it cannot. */
  onRead(subject: Subject): Promise<string>;
}

/** Takes a config.json, from the button or dropped anywhere on the figure. What is wrong with it stands beside the button. */
export function ConfigFile({ onRead }: ConfigFileProps) {
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState('');
  const read = async (file: File) => {
    const config = await readConfig(file);
    setProblem(typeof config === 'string' ? config : await onRead({ name: file.name, config }));
  };
  useDrop(input, read);
  return (
    <span class="labelled">
      <button type="button" class="button" onClick={() => input.current!.click()}>
        Open a config.json
      </button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="A model’s config.json"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) void read(file);
          event.currentTarget.value = '';
        }}
      />
      {problem && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

/** JSON that is dropped on the figure around `inside`; other files go on to the page, which takes them for data. */
function useDrop(inside: { current: Element | null }, read: (file: File) => void): void {
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    const figure = inside.current!.closest<HTMLElement>('figure')!;
    const onDrop = (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (!file?.name.toLowerCase().endsWith('.json')) return;
      event.preventDefault();
      latest.current(file);
    };
    figure.addEventListener('drop', onDrop);
    return () => figure.removeEventListener('drop', onDrop);
  }, []);
}
