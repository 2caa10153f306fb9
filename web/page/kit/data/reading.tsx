// Pasted text and files: read while typing, shown with what is wrong in them, taken when the reader says so.
import { useEffect, useRef, useState } from 'preact/hooks';
import { newest, proxy, worker } from '../client.ts';
import { RadioGroup } from '../controls/choice.tsx';
import { Problem } from '../controls/problem.tsx';
import { useFigureId } from '../figure.tsx';
import { hasModels, isModel, openAsModel } from '../models.ts';
import { Sentences } from '../number.tsx';
import { count, decimalBytes, whole } from '../numbers.ts';
import { sentenceOf, takeReading } from '../page.ts';
import type { Reading } from './complaint.ts';

interface TakenProps {
  /** After the numbers have become the page's data. */
  onTaken?: (() => void) | undefined;
}

const PLACEHOLDER = '5.47, 3.08, −7.59\n0, −1.95, −4.57';

/** A text area that is read while you type. */
export function PasteNumbers({ onTaken, initial = '' }: TakenProps & { initial?: string }) {
  const id = useFigureId('numbers');
  useForget(id);
  const [text, setText] = useState(initial);
  const [decimal, setDecimal] = useState<'.' | ','>();
  const [reading, setReading] = useState<Reading>();
  const [problem, setProblem] = useState('');

  useEffect(() => {
    setProblem('');
    if (text.trim() === '') return setReading(undefined);
    let current = true;
    const options = decimal ? { decimal } : {};
    newest(`read ${id}`, () => worker().readText(id, text, 'Your numbers', options)).then(
      (answer) => {
        if (current && answer) setReading(answer);
      },
      (error) => current && setProblem(sentenceOf(error)),
    );
    return () => {
      current = false;
    };
  }, [text, decimal]);

  return (
    <div class="paste">
      <label class="label" for={id}>
        Numbers
      </label>
      <textarea
        id={id}
        class="field area"
        rows={6}
        value={text}
        placeholder={PLACEHOLDER}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Problem text={problem} />
      {!problem && <ReadingResult place={id} onDecimal={setDecimal} {...{ reading, decimal, onTaken }} />}
    </div>
  );
}

const NOTHING_YET = 'No numbers yet. Paste or type some: spaces, commas and lines all separate them.';

/** What was read need not be kept when its place goes. */
function useForget(place: string): void {
  useEffect(() => () => void worker().forget(place), []);
}

interface ResultProps extends TakenProps {
  place: string;
  reading: Reading | undefined;
  decimal: '.' | ',' | undefined;
  onDecimal(decimal: '.' | ','): void;
}

/** What was read, what is wrong with it, and the button that takes it. */
function ReadingResult({ place, reading, decimal, onDecimal, onTaken }: ResultProps) {
  if (!reading) return <p class="note">{NOTHING_YET}</p>;
  const { size, complaint, notes, ambiguous, usable, count: all } = reading;
  const take = async () => {
    await takeReading(place);
    onTaken?.();
  };
  return (
    <>
      <div class="reading" aria-live="polite">
        {complaint && (
          <p class="problem">
            <Sentences text={complaint} />
          </p>
        )}
        <p class="note">
          <Sentences text={[size && `${size}.`, ...notes].filter(Boolean).join(' ')} />
        </p>
      </div>
      {(ambiguous || decimal) && (
        <RadioGroup
          label="A comma between digits is"
          showLabel
          items={[
            { value: '.', label: 'between two numbers' },
            { value: ',', label: 'a decimal comma' },
          ]}
          value={decimal ?? '.'}
          onChange={onDecimal}
        />
      )}
      {usable > 0 && (
        <p class="dialog-actions">
          <button type="button" class="button primary" onClick={take}>
            {usable === all
              ? `Use ${all === 1 ? 'this number' : `these ${count(all, 'numbers')}`}`
              : `Use the other ${whole(usable)}`}
          </button>
          <span class="note">Stays in this tab.</span>
        </p>
      )}
    </>
  );
}

interface Progress {
  bytesDone: number;
  bytesTotal: number;
}

/** A place to drop a file on, or to choose one. */
export function FileNumbers({ onTaken, initial }: TakenProps & { initial?: File | undefined }) {
  const [file, setFile] = useState(initial);
  const [decimal, setDecimal] = useState<'.' | ','>();
  const [progress, setProgress] = useState<Progress>();
  const [reading, setReading] = useState<Reading>();
  const [problem, setProblem] = useState('');
  const [over, setOver] = useState(false);
  const [model, setModel] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const place = useFigureId('file');
  useForget(place);

  useEffect(() => {
    let current = true;
    setModel(false);
    if (file && hasModels()) void isModel(file).then((model) => current && setModel(model));
    return () => {
      current = false;
    };
  }, [file]);
  useEffect(() => {
    if (!file) return;
    let current = true;
    setReading(undefined);
    setProblem('');
    const show = proxy((now: Progress) => void (current && setProgress(now)));
    worker()
      .readFile(place, file, show, decimal ? { decimal } : {})
      .then(
        (answer) => current && setReading(answer),
        (error) => current && setProblem(error?.name === 'AbortError' ? 'Reading was cancelled.' : sentenceOf(error)),
      )
      .finally(() => current && setProgress(undefined));
    return () => {
      current = false;
      void worker().cancelReading();
    };
  }, [file, decimal]);

  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const dropped = event.dataTransfer?.files[0];
    if (dropped) setFile(dropped);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping; the button does the same by keyboard.
    <div
      class={over ? 'dropzone over' : 'dropzone'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <p>
        Drop a file here: <code>.npy</code>, <code>.csv</code>, <code>.json</code>, <code>.txt</code>, or{' '}
        <code>.f32</code> (raw little-endian floats).
      </p>
      <p class="dialog-actions">
        <button type="button" class="button" onClick={() => input.current!.click()}>
          Choose a file
        </button>
        {file && <b>{file.name}</b>}
        {progress && (
          <>
            <span class="note">
              reading {decimalBytes(progress.bytesDone)} of {decimalBytes(progress.bytesTotal)}
            </span>
            <button type="button" class="ghost" onClick={() => worker().cancelReading()}>
              Cancel
            </button>
          </>
        )}
      </p>
      <input
        ref={input}
        type="file"
        class="hidden"
        tabIndex={-1}
        aria-label="File"
        onChange={(event) => setFile(event.currentTarget.files?.[0])}
      />
      {model ? <ModelFile file={file!} onTaken={onTaken} /> : <Problem text={problem} />}
      {reading && <ReadingResult onDecimal={setDecimal} {...{ place, reading, decimal, onTaken }} />}
    </div>
  );
}

/** A model has many tensors: its chapter lists them, and any of them can become the data. */
function ModelFile({ file, onTaken }: TakenProps & { file: File }) {
  const open = () => {
    onTaken?.();
    openAsModel([file]);
  };
  return (
    <p class="dialog-actions">
      <button type="button" class="button primary" onClick={open}>
        Choose one of its tensors
      </button>
      <span class="note">A model: the chapter “Your model” lists them.</span>
    </p>
  );
}
