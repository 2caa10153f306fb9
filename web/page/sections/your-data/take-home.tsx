// The same in code, and files.
import { useEffect, useState } from 'preact/hooks';
import { Menu } from '../../kit/controls/menu.tsx';
import { Problem } from '../../kit/controls/problem.tsx';
import { sentenceOf } from '../../kit/page.ts';
import { FILES, type FileKind } from './files.ts';
import type { SideView } from './model.ts';

interface SameInCodeProps {
  side: SideView;
  /** Too many values to code them all. */
  tooMany: boolean;
  save(kind: FileKind): Promise<void>;
}

export function SameInCode({ side, tooMany, save }: SameInCodeProps) {
  const [copied, setCopied] = useState(false);
  const [problem, setProblem] = useState('');
  useEffect(() => setCopied(false), [side.code]);
  const copy = () =>
    navigator.clipboard.writeText(side.code).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  const items = (Object.keys(FILES) as FileKind[]).map((kind) => ({
    label: FILES[kind],
    disabled: kind !== 'values.f32' && (tooMany || side.problem !== '' || (kind === 'scales.npy' && !side.scales)),
    onSelect: () => {
      setProblem('');
      save(kind).catch((error) => setProblem(sentenceOf(error)));
    },
  }));
  return (
    <section aria-label="The same in code" class="code">
      <div class="line">
        <h3>The same in code</h3>
        <button type="button" class="ghost" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </button>
        <Menu label="Export" items={items} />
      </div>
      <Problem text={problem && `The file could not be made: ${problem}`} />
      <pre>
        <code>{side.code}</code>
      </pre>
    </section>
  );
}
