import { type ComponentChildren, render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { worker } from './client.ts';
import { Dialog } from './controls/dialog.tsx';
import { shortest } from './data/write.ts';
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
function elementCode(section: string, values: string): string {
  const query = new URLSearchParams(figureQuery(section));
  if (values) {
    query.delete('data');
    query.set('values', values);
    query.set('follow', String(pageState().dataset.followed));
  }
  const attributes = [...query].map(([key, text]) => ` ${key.replace(`${section}.`, '')}="${escaped(text)}"`);
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

function EmbedDialog({ section, onClose }: { section: string; onClose(): void }) {
  const [values, setValues] = useState('');
  const { source, count: size } = pageState().dataset;
  const include = async (wanted: boolean) =>
    setValues(wanted ? Array.from(await worker().values(MOST), shortest).join(' ') : '');
  return (
    <Dialog title="Embed this figure" onClose={onClose}>
      <Code name="element" code={elementCode(section, values)}>
        For a page of your own: the element takes numbers in <code>values="5.47 3.08"</code> and grows with its figure.
        The script is needed once.
      </Code>
      {source.kind === 'own' && (
        <p>
          {values
            ? 'Your numbers stand in this code now.'
            : 'Your numbers are not in this code: they stay in this tab. The guide’s seven stand in for them.'}
        </p>
      )}
      {source.kind === 'own' && size <= MOST && (
        <label>
          <input type="checkbox" onChange={(event) => include(event.currentTarget.checked)} /> Put my{' '}
          {count(size, 'numbers')} into values
        </label>
      )}
      <Code name="frame" code={frameCode(section)}>
        For places that allow no script from elsewhere. The lines below the frame follow the figure’s height; it works
        without them.
      </Code>
      <p>
        <code>theme="dark"</code> or <code>&amp;theme=dark</code> fixes the colours.
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
