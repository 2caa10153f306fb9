import type { ComponentChildren } from 'preact';

interface PickProps {
  /** What it follows, as it is written. */
  name: string;
  chosen: boolean;
  onPick(): void;
  children: ComponentChildren;
}

/** A mark in a drawing that can be clicked, or reached by Tab and pressed, to follow its element. */
export const Pick = ({ name, chosen, onPick, children }: PickProps) => (
  // biome-ignore lint/a11y/useSemanticElements: an HTML button cannot stand inside a drawing.
  <g
    role="button"
    tabindex={0}
    class="pick"
    aria-label={`Follow ${name}`}
    aria-pressed={chosen}
    onClick={onPick}
    onKeyDown={(event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      onPick();
    }}
  >
    {children}
  </g>
);
