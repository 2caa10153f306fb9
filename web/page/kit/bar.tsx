// The data bar: what the numbers are, which one is followed, and the way to change both.
import { useEffect, useState } from 'preact/hooks';
import { nameOf, sameSource } from './data/examples.ts';
import { copyLink } from './link.ts';
import { Num } from './number.tsx';
import { count, plain, writeStored } from './numbers.ts';
import { type PageState, setPageState, useSource } from './page.ts';
import { storedTheme, THEME_NAMES, type Theme, turnTheme } from './theme.ts';

interface BarProps {
  state: PageState;
  openData(): void;
}

export function Bar({ state, openData }: BarProps) {
  const { dataset, back, busy, message } = state;
  return (
    <>
      <div class="bar">
        <a class="brand" href="#top" aria-label="fewbits, to the top">
          <Mark />
          <span>fewbits</span>
        </a>
        <button type="button" class="dataset" aria-haspopup="dialog" onClick={openData}>
          <Sparkline heights={dataset.spark} />
          <span class="dataset-text">
            <span class="hidden">Data: </span>
            <b>{dataset.name}</b>{' '}
            <span class="meta">
              {busy || (
                <>
                  {count(dataset.count, dataset.noun)}, <Num of={dataset.summary.min} /> to{' '}
                  <Num of={dataset.summary.max} />
                </>
              )}
            </span>
          </span>
          <svg class="chevron" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
            <path d="M2.5 4.5 6 8l3.5-3.5" fill="none" stroke="currentColor" stroke-width="1.6" />
          </svg>
        </button>
        <div
          class="following"
          title={`Element ${dataset.followed}, counted from 0: ${plain(writeStored(dataset.followedValue))}`}
        >
          <svg width="13" height="13" viewBox="0 0 13 13" aria-hidden="true">
            <path d="M6.5 .8 12.2 6.5 6.5 12.2 .8 6.5z" fill="currentColor" stroke-linejoin="round" />
          </svg>
          <span>
            following <Num of={dataset.followedValue} role="original" />
          </span>
        </div>
        <span class="grow" />
        {back && !sameSource(back, dataset.source) && (
          <button type="button" class="ghost" onClick={() => useSource(back)}>
            Back to {nameOf(back)}
          </button>
        )}
        <CopyLink />
        <ThemeButton />
        <button type="button" class="ghost chapters-button" popovertarget="chapters" aria-label="Chapters">
          <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
            <path
              d="M2 4.5h2M7 4.5h9M2 9h2M7 9h9M2 13.5h2M7 13.5h9"
              stroke="currentColor"
              stroke-width="1.7"
              stroke-linecap="round"
            />
          </svg>
          <span class="chapters-word">Chapters</span>
        </button>
      </div>
      <BarNote text={message || dataset.note} dismiss={message !== ''} />
    </>
  );
}

function BarNote({ text, dismiss }: { text: string; dismiss: boolean }) {
  if (!text) return null;
  return (
    <div class="bar-note">
      <span>{text}</span>
      {dismiss && (
        <button type="button" class="ghost" onClick={() => setPageState({ message: '' })}>
          Dismiss
        </button>
      )}
    </div>
  );
}

/** A curve and its steps. */
function Mark() {
  return (
    <svg
      width="24"
      height="24"
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill="none"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path class="stroke-original" d="M2 21C8 21 9 3 22 3" />
      <path class="stroke-restored" d="M2 21H7.5V15H11.5V9H16V3H22" />
    </svg>
  );
}

export function Sparkline({ heights }: { heights: readonly number[] }) {
  return (
    <svg class="spark" width="72" height="26" viewBox="0 0 72 26" preserveAspectRatio="none" aria-hidden="true">
      {heights.map((height, i) => {
        const tall = +(1 + 24 * height).toFixed(1);
        return <rect key={i} x={3 * i} width="2" y={26 - tall} height={tall} />;
      })}
    </svg>
  );
}

function CopyLink() {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyLink())) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <button type="button" class="ghost wide-only" onClick={copy}>
      {copied ? 'Copied' : 'Copy link'}
    </button>
  );
}

function ThemeButton() {
  const [theme, setShown] = useState<Theme>('auto');
  useEffect(() => setShown(storedTheme()), []);
  const turn = () => setShown(turnTheme());
  return (
    <button type="button" class="ghost theme-button" aria-label={`Theme: ${THEME_NAMES[theme]}`} onClick={turn}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" />
        {theme === 'auto' && <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" />}
        {theme === 'dark' && <circle cx="8" cy="8" r="6.2" fill="currentColor" />}
      </svg>
    </button>
  );
}
