import { type ComponentChildren, render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { worker } from './client.ts';
import { Dialog } from './controls/dialog.tsx';
import { figureQuery } from './link.ts';
import { count } from './numbers.ts';
import { pageState } from './page.ts';

/** Shows the code that puts one figure into another page. */
export function showEmbedDialog(section: string): void {
  const place = document.getElementById('dialogs')!;
  render(<EmbedDialog section={section} onClose={() => render(null, place)} />, place);
}

/** The line under an embedded figure that links back. */
const FOOT = 45;
/** So many numbers can go into an attribute. */
const MOST = 64;

const at = (file: string) => new URL(file, location.href).href;
const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');

/** With the reader's numbers only where the reader said so. */
function elementCode(section: string, numbers: readonly string[] | undefined): string {
  const query = new URLSearchParams(figureQuery(section));
  if (numbers) {
    query.set('data', numbers.join(' '));
    const { followed } = pageState().dataset;
    if (followed > 0) query.set('follow', String(followed));
  }
  const attributes = [...query].map(([key, text]) => {
    const name = numbers && key === 'data' ? 'values' : key.replace(`${section}.`, '');
    return ` ${name}="${escaped(text)}"`;
  });
  return `<script src="${at('embed.js')}" async></script>
<fewbits-${section}${attributes.join('')}></fewbits-${section}>`;
}

/** The frame as tall as the figure is now, and a listener for when that changes. */
function frameCode(section: string): string {
  const figure = document.querySelector<HTMLElement>(`fewbits-${section} figure`)!;
  const address = at(`embed.html?figure=${section}${figureQuery(section).replace('?', '&')}`);
  return `<iframe src="${address}" title="A figure of fewbits: ${section}" width="100%" height="${figure.offsetHeight + FOOT}" allow="clipboard-write"></iframe>
<script>addEventListener('message', ({ data, source }) => { if (data?.fewbits)
  for (const frame of document.querySelectorAll('iframe')) if (frame.contentWindow === source) frame.height = data.height; });</script>`;
}

/** The shortest decimal that reads back as the same float32. */
function shortest(x: number): string {
  if (Object.is(x, -0)) return '-0';
  for (let digits = 1; ; digits++) {
    const short = Number(x.toPrecision(digits));
    if (digits === 9 || Math.fround(short) === x) return String(short);
  }
}

function EmbedDialog({ section, onClose }: { section: string; onClose(): void }) {
  const [numbers, setNumbers] = useState<string[]>();
  const { source, count: size } = pageState().dataset;
  const include = async (wanted: boolean) =>
    setNumbers(wanted ? Array.from(await worker().values(MOST), shortest) : undefined);
  return (
    <Dialog title="Embed this figure" onClose={onClose}>
      <Code name="element" code={elementCode(section, numbers)}>
        For a page of your own. The element takes any numbers in <code>values="5.47 3.08"</code>, is as tall as its
        figure, and changes with its attributes. The script is needed once.
      </Code>
      {source.kind === 'own' && (
        <p>
          {numbers
            ? 'Your numbers stand in the element’s code now.'
            : 'Your numbers are not in this code: they stay in this tab, and the guide’s seven stand in for them. To show yours, write them into values.'}
        </p>
      )}
      {source.kind === 'own' && size <= MOST && (
        <label>
          <input type="checkbox" onChange={(event) => include(event.currentTarget.checked)} /> Put my{' '}
          {count(size, 'numbers')} into the element
        </label>
      )}
      <Code name="frame" code={frameCode(section)}>
        For places that allow frames, but no script from elsewhere. The lines below the frame follow the figure’s
        height; it works without them too.
      </Code>
      <p>
        <code>theme="dark"</code> in the element, or <code>&amp;theme=dark</code> in the frame’s address, fixes the
        colours; so does <code>light</code>.
      </p>
    </Dialog>
  );
}

/** A text to take along. Where the browser does not let the page copy, it is selected. */
function Code({ name, code, children }: { name: string; code: string; children: ComponentChildren }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => setCopied(false), [code]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code);
      setCopied(true);
    } catch {
      area.current!.select();
    }
  };
  return (
    <>
      <p>{children}</p>
      <textarea
        ref={area}
        class="field area"
        readOnly
        rows={5}
        aria-label={`Code of the ${name}`}
        value={code}
        onFocus={(event) => event.currentTarget.select()}
      />
      <p class="dialog-actions">
        <button type="button" class="button primary" onClick={copy}>
          {copied ? 'Copied' : `Copy the ${name}`}
        </button>
      </p>
    </>
  );
}
