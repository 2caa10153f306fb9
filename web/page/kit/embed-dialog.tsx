import { render } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from './controls/dialog.tsx';
import { embedLink } from './link.ts';

/** Shows the code that puts one figure into another page. */
export function showEmbedDialog(section: string): void {
  const place = document.getElementById('dialogs')!;
  render(<EmbedDialog section={section} onClose={() => render(null, place)} />, place);
}

/** The line under an embedded figure that links back. */
const FOOT = 40;

/** The frame as tall as the figure is now, and a listener for when that changes. */
function codeFor(section: string): string {
  const figure = document.querySelector<HTMLElement>(`fewbits-${section} figure`)!;
  return `<iframe src="${embedLink(section)}" title="A figure of fewbits" width="100%" height="${figure.offsetHeight + FOOT}"></iframe>
<script>addEventListener('message', ({ data, source }) => { if (data?.fewbits)
  for (const frame of document.querySelectorAll('iframe')) if (frame.contentWindow === source) frame.height = data.height; });</script>`;
}

function EmbedDialog({ section, onClose }: { section: string; onClose(): void }) {
  const [code] = useState(() => codeFor(section));
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
  };
  return (
    <Dialog title="Embed this figure" onClose={onClose}>
      <p>
        Put this into your page. The script follows the figure’s height, which changes with its width and its settings;
        it is needed once for all figures. Add <code>&amp;theme=light</code> or <code>&amp;theme=dark</code> to the
        address to fix the colours.
      </p>
      <textarea
        class="field area"
        readOnly
        rows={8}
        aria-label="Code"
        value={code}
        onFocus={(event) => event.currentTarget.select()}
      />
      <p class="dialog-actions">
        <button type="button" class="button primary" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      </p>
    </Dialog>
  );
}
