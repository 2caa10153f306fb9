import { useEffect, useRef, useState } from 'preact/hooks';

interface MenuProps {
  label: string;
  items: readonly { label: string; disabled?: boolean; onSelect(): void }[];
}

/** A button with a menu of actions: arrows move, Enter takes, Escape closes and gives the focus back. */
export function Menu({ label, items }: MenuProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const entries = () => [...box.current!.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)')];

  useEffect(() => {
    if (open) entries()[0]?.focus();
  }, [open]);

  const close = () => {
    setOpen(false);
    box.current!.querySelector('button')!.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const list = entries();
    const at = list.indexOf(document.activeElement as HTMLElement);
    const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (event.key === 'Escape') close();
    else if (event.key in moves) list.at(moves[event.key]! % list.length)?.focus();
    else return;
    event.preventDefault();
  };
  const onFocusOut = (event: FocusEvent) => {
    if (!box.current!.contains(event.relatedTarget as Node | null)) setOpen(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the button and the menu inside.
    <div class="menu" ref={box} onKeyDown={onKeyDown} onFocusOut={onFocusOut}>
      <button type="button" class="button" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        {label}
      </button>
      {open && (
        <div class="options" role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              disabled={item.disabled ?? false}
              onClick={() => {
                close();
                item.onSelect();
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
