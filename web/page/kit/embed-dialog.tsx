import { render } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from './controls/dialog.tsx';
import { embedLink } from './link.ts';

/** Shows the code that puts one figure into another page. */
export function showEmbedDialog(section: string): void {
  const place = document.getElementById('dialogs')!;
  render(<EmbedDialog section={section} onClose={() => render(null, place)} />, place);
}

function EmbedDialog({ section, onClose }: { section: string; onClose(): void }) {
  const code = `<iframe src="${embedLink(section)}" title="A figure of fewbits" width="100%" height="640"></iframe>`;
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
  };
  return (
    <Dialog title="Embed this figure" onClose={onClose}>
      <p>
        Put this into your page. The figure says its height by <code>postMessage</code>, as {'{ fewbits, height }'}; add{' '}
        <code>&amp;theme=light</code> or <code>&amp;theme=dark</code> to fix its colours.
      </p>
      <textarea
        class="field area"
        readOnly
        rows={4}
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
