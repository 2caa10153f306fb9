// Converting: where to, how far, and Cancel. It goes on in its worker while the guide is read, or another tab.
import { useEffect, useRef, useState } from 'preact/hooks';
import { proxy } from '../../kit/client.ts';
import { Problem } from '../../kit/controls/problem.tsx';
import { download } from '../../kit/download.ts';
import { count, decimalBytes, whole } from '../../kit/numbers.ts';
import { sentenceOf } from '../../kit/page.ts';
import { modelWorker } from './client.ts';
import { newName, type Options, type View } from './options.ts';

interface Progress {
  bytesDone: number;
  bytesTotal: number;
  tensor: string;
  secondsLeft?: number;
}

/** Nothing yet, under way, or how it ended. */
interface State {
  progress?: Progress;
  since?: number;
  said?: string;
  problem?: string;
}

export function Save({ view, options }: { view: View; options: Options }) {
  const [state, setState] = useState<State>({});
  const { progress, since = 0, said, problem } = state;
  useTitle(progress);

  const start = async () => {
    // By the options, which are what is converted: the view for them may still be on its way.
    const name = newName(view.name, options);
    const handle = await askWhere(name);
    if (handle === 'nowhere') return;
    const begun = performance.now();
    setState({ progress: { bytesDone: 0, bytesTotal: view.newBytes!, tensor: '' }, since: begun });
    const onProgress = proxy((now: Progress) =>
      // What arrives after the end is old.
      setState((before) => (before.progress ? { progress: now, since: begun } : before)),
    );
    try {
      const made = await modelWorker().convert({ options, handle }, onProgress);
      const size = made?.size ?? (await handle!.getFile()).size;
      if (made) download({ name, blob: made });
      setState({ said: `${handle?.name ?? name} is whole: ${count(size, 'bytes')}.` });
    } catch (error) {
      const cancelled = sentenceOf(error).includes('cancelled');
      setState(cancelled ? { said: 'Cancelled: nothing of it is kept.' } : { problem: sentenceOf(error) });
    }
  };
  const plain = view.format !== 'gguf' && options.to === 'gguf';
  return (
    <section aria-label="Convert" class="save">
      <div class="line">
        {progress ? (
          <>
            <button type="button" class="button" onClick={() => modelWorker().cancel()}>
              Cancel
            </button>
            <progress aria-label="Converted" value={progress.bytesDone} max={Math.max(1, progress.bytesTotal)} />
            <span class="figures">{sayProgress(progress, (performance.now() - since) / 1000)}</span>
          </>
        ) : (
          <>
            <button type="button" class="button primary" disabled={view.newBytes === null} onClick={start}>
              Convert and save
            </button>
            {view.newBytes !== null && (
              <span class="figures">
                {view.newName}, {whole(view.newBytes)} bytes
              </span>
            )}
          </>
        )}
      </div>
      <p class="note" aria-live="polite">
        {progress ? 'It goes on while you read, also in another tab.' : said}
      </p>
      {plain && !progress && (
        <p class="note">
          The GGUF will have these tensors under their own names. llama.cpp asks for its names and a tokenizer besides:
          its convert_hf_to_gguf.py makes such a file, and this page then quantizes it.
        </p>
      )}
      <Problem text={problem} />
    </section>
  );
}

function sayProgress({ bytesDone, bytesTotal, tensor, secondsLeft }: Progress, seconds: number): string {
  const parts = [`${decimalBytes(bytesDone)} of ${decimalBytes(bytesTotal)}`];
  if (seconds > 0.5) parts.push(`${decimalBytes(bytesDone / seconds)}/s`);
  if (secondsLeft !== undefined && seconds > 0.5) parts.push(`${sayTime(secondsLeft)} left`);
  if (tensor) parts.push(tensor);
  return parts.join(', ');
}

function sayTime(seconds: number): string {
  if (seconds < 90) return `${whole(Math.ceil(seconds))} s`;
  return seconds < 5400 ? `${whole(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

type SavePicker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

/** Where the reader wants the file; undefined where the browser does not ask, 'nowhere' where the reader declines. */
async function askWhere(suggestedName: string): Promise<FileSystemFileHandle | undefined | 'nowhere'> {
  const { showSaveFilePicker } = window as unknown as { showSaveFilePicker?: SavePicker };
  if (!showSaveFilePicker) return undefined;
  try {
    return await showSaveFilePicker({ suggestedName });
  } catch (error) {
    // In a frame of another site the browser forbids asking.
    return (error as Error).name === 'AbortError' ? 'nowhere' : undefined;
  }
}

/** How far it is stands in the tab's title, and leaving is asked about. */
function useTitle(progress: Progress | undefined): void {
  const before = useRef('');
  const percent = progress && Math.floor((100 * progress.bytesDone) / Math.max(1, progress.bytesTotal));
  const going = progress !== undefined;
  useEffect(() => {
    if (!going) return;
    before.current = document.title;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => {
      removeEventListener('beforeunload', ask);
      document.title = before.current;
    };
  }, [going]);
  useEffect(() => {
    if (percent !== undefined) document.title = `${percent} % – ${before.current}`;
  }, [percent]);
}
