// For other pages: <script src="https://…/embed.js" async></script> defines <fewbits-symmetric> and its like. Each is a
// frame of embed.html. Its attributes are that page's keys; its values go there by message, never in an address.
export {};

/** The sections with a figure, in words; the build knows them. */
declare const FIGURES: string;

const PREFIX = 'fewbits-';
/** Keys of the whole page; all other attributes are options of the figure, but for those that any element has. */
const SHARED = /^(data|tensor|count|seed|follow|theme)$/;
const NO_KEYS = /^(values|id|class|style|slot|title|hidden|lang|dir|(data|aria)-.*)$/;

// Where it is loaded as a module there is no current script.
const script = (document.currentScript ?? document.querySelector('script[src$="embed.js"]')) as HTMLScriptElement;
const page = new URL('embed.html', script.src);
const sheet = new CSSStyleSheet();
sheet.replaceSync(
  ':host(:not([hidden])){display:block}iframe{display:block;width:100%;height:480px;border:0;border-radius:12px}',
);

class Figure extends HTMLElement {
  #frame = document.createElement('iframe');
  #attributes = new MutationObserver(() => this.#tell());

  connectedCallback(): void {
    addEventListener('message', this);
    this.#attributes.observe(this, { attributes: true });
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet];
    root.append(
      Object.assign(this.#frame, {
        src: `${page}?${this.#query()}`,
        title: this.title || `A figure of fewbits: ${this.#name}`,
        loading: 'lazy',
        allow: 'clipboard-write',
        onload: () => this.#tell(),
      }),
    );
  }

  disconnectedCallback(): void {
    removeEventListener('message', this);
    this.#attributes.disconnect();
  }

  handleEvent({ source, data }: MessageEvent): void {
    if (source === this.#frame.contentWindow && data.fewbits) this.#frame.style.height = `${data.height}px`;
  }

  get #name(): string {
    return this.localName.slice(PREFIX.length);
  }

  #query(): string {
    const query = new URLSearchParams({ figure: this.#name });
    for (const { name, value } of this.attributes)
      if (!NO_KEYS.test(name)) query.set(SHARED.test(name) ? name : `${this.#name}.${name}`, value);
    if (this.hasAttribute('values')) query.set('data', 'own');
    return String(query);
  }

  #tell(): void {
    const message = { query: this.#query(), values: this.getAttribute('values') };
    this.#frame.contentWindow!.postMessage(message, page.origin);
  }
}

for (const name of FIGURES.split(' '))
  if (!customElements.get(PREFIX + name)) customElements.define(PREFIX + name, class extends Figure {});
