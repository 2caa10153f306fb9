import { useRef, useState } from 'preact/hooks';
import { useFigureId } from '../figure.tsx';

export interface ComboboxItem {
  value: string;
  label: string;
  /** In grey, after the label. */
  detail?: string;
}

interface ComboboxProps {
  label: string;
  hideLabel?: boolean;
  items: readonly ComboboxItem[];
  value: string;
  onChange(value: string): void;
  size?: number;
}

/** A list to search in: typing narrows it, arrows move, Enter takes, Escape closes. */
export function Combobox({ label, hideLabel = false, items, value, onChange, size = 24 }: ComboboxProps) {
  const listId = useFigureId(`${label} list`);
  const input = useRef<HTMLInputElement>(null);
  const [query, setQuery] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const chosen = items.find((item) => item.value === value);
  const open = query !== null;
  const found = open ? search(items, query) : [];

  const show = () => {
    if (open) return;
    setQuery('');
    setActive(Math.max(0, items.indexOf(chosen!)));
  };
  const close = () => setQuery(null);
  const take = (item: ComboboxItem | undefined) => {
    if (item && item.value !== value) onChange(item.value);
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && open) close();
    else if (event.key === 'Enter' && open) take(found[active]);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (open) setActive(around(active + (event.key === 'ArrowDown' ? 1 : -1), found.length));
      else show();
    } else return;
    event.preventDefault();
  };
  return (
    <div class="labelled combobox">
      <label class="labelled">
        <span class={hideLabel ? 'hidden' : 'label'}>{label}</span>
        <input
          ref={input}
          class="field"
          role="combobox"
          type="text"
          size={size}
          autocomplete="off"
          spellcheck={false}
          aria-expanded={open}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={open && found[active] ? `${listId}-${active}` : undefined}
          placeholder={chosen?.label}
          value={query || (open ? '' : (chosen?.label ?? ''))}
          // Typing replaces the name of what is chosen.
          onFocus={(event) => event.currentTarget.select()}
          onClick={show}
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
          onBlur={close}
        />
        <svg class="chevron" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
          <path d="M2.5 4.5 6 8l3.5-3.5" fill="none" stroke="currentColor" stroke-width="1.6" />
        </svg>
      </label>
      <div class="options" id={listId} role="listbox" aria-label={label} hidden={!open}>
        {found.map((item, i) => (
          <button
            key={item.value}
            type="button"
            tabIndex={-1}
            id={`${listId}-${i}`}
            role="option"
            aria-selected={item.value === value}
            class={i === active ? 'active' : undefined}
            ref={i === active ? intoView : null}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => take(item)}
          >
            {item.label}
            {item.detail && <span class="detail">{item.detail}</span>}
          </button>
        ))}
        {open && found.length === 0 && <div class="none">Nothing has that name.</div>}
      </div>
    </div>
  );
}

const intoView = (element: HTMLElement | null) => element?.scrollIntoView({ block: 'nearest' });

const around = (i: number, length: number) => (length === 0 ? 0 : (i + length) % length);

/** Every word of the query occurs, in any order. */
function search(items: readonly ComboboxItem[], query: string): readonly ComboboxItem[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (item: ComboboxItem) => {
    const text = `${item.label} ${item.detail ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return items.filter(matches);
}
