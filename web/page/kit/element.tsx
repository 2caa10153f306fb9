// The thin custom element around a figure: it takes over the HTML that the build rendered, asks the worker for view
// models, and gives the figure its options. Nothing is loaded before the figure comes near.
import { Component, type ComponentChildren, type ComponentType, h, hydrate, render } from 'preact';
import type { DatasetInfo, FigureModule, FigureProps } from './contract.ts';
import { FigureContext, type FigureSurroundings } from './figure.tsx';
import { unpack } from './json.ts';
import { noteOptions, openedAddress } from './link.ts';
import { changedOptions, defaultsOf, type OptionSet, readOptions } from './options.ts';
import { follow, onPageState, pageState, run, sentenceOf } from './page.ts';

type Options = Record<string, unknown>;
type Load = () => Promise<FigureModule>;

/** Everything a figure shows; view and dataset change together. */
interface Shown {
  view: unknown;
  dataset: DatasetInfo;
  options: Options;
}

export function defineFigures(modules: Record<string, Load>, embed?: (section: string) => void): void {
  for (const [path, load] of Object.entries(modules)) {
    const name = path.split('/').at(-2)!;
    customElements.define(`fewbits-${name}`, figureElement(name, load, embed));
  }
}

function figureElement(name: string, load: Load, embed?: (section: string) => void) {
  return class FigureElement extends HTMLElement {
    #module: FigureModule | undefined;
    #shown: Shown | undefined;
    #failure: unknown;
    #near = false;
    #stale = false;
    /** Options that were set on the reader's own numbers, and tell of them. */
    #private = new Set<string>();
    #stop: (() => void) | undefined;
    #attributes = new MutationObserver((records) =>
      this.#onAttributes(records.map(({ attributeName }) => attributeName!)),
    );

    connectedCallback(): void {
      this.style.display = 'block';
      const observer = new IntersectionObserver(([entry]) => this.#onNear(entry!.isIntersecting), {
        rootMargin: '600px 0px',
      });
      observer.observe(this);
      const forget = onPageState(() => this.#onPage());
      this.#stop = () => {
        observer.disconnect();
        this.#attributes.disconnect();
        forget();
      };
    }

    disconnectedCallback(): void {
      this.#stop?.();
    }

    async #onNear(near: boolean): Promise<void> {
      this.#near = near;
      // Until the reader does something, only what is in sight is loaded.
      if (near && this.getBoundingClientRect().top > innerHeight) await stirred;
      if (near && !this.#module) void this.#start();
      else if (near && this.#stale) void this.#update();
    }

    async #start(): Promise<void> {
      const module = await load();
      if (this.#module) return;
      this.#module = module;
      this.#takeOver(defaultsOf(module.options) as Options);
      const options = this.#given(module.options);
      const { view, dataset } = this.#shown!;
      const asBuilt =
        view !== undefined && dataset === pageState().dataset && !changedOptions(module.options, options).length;
      this.#shown = { ...this.#shown!, options };
      this.#note();
      this.#attributes.observe(this, { attributeFilter: Object.keys(module.options) });
      if (!asBuilt) await this.#update();
      this.dataset['ready'] = '';
    }

    /** The first render meets the markup of the build, so it needs the build's view. */
    #takeOver(options: Options): void {
      const script = this.querySelector('script');
      const built = script ? unpack(script.textContent!) : undefined;
      script?.remove();
      this.#shown = { view: built, dataset: builtDataset(), options };
      if (built !== undefined) hydrate(this.#tree(), this);
    }

    /** Options from the address, then the element's attributes, then the defaults. */
    #given(options: OptionSet): Options {
      return readOptions(
        options,
        (key) => openedAddress().options.get(`${name}.${key}`) ?? this.getAttribute(key),
      ) as Options;
    }

    #onAttributes(keys: readonly string[]): void {
      const { options } = this.#module!;
      const given = readOptions(options, (key) => this.getAttribute(key)) as Options;
      this.#set(Object.fromEntries(keys.map((key) => [key, given[key]])));
    }

    #onPage(): void {
      if (this.#module && pageState().dataset !== this.#shown!.dataset) void this.#update();
    }

    #set(changes: Partial<Options>): void {
      this.#shown = { ...this.#shown!, options: { ...this.#shown!.options, ...changes } };
      const own = pageState().dataset.source.kind === 'own';
      for (const key of Object.keys(changes))
        if (own && this.#module!.options[key]!.ofData) this.#private.add(key);
        else this.#private.delete(key);
      this.#note();
      void this.#update();
      this.#draw();
    }

    #note(): void {
      const changed = changedOptions(this.#module!.options, this.#shown!.options);
      noteOptions(
        name,
        changed.filter(([key]) => !this.#private.has(key)),
      );
    }

    async #update(): Promise<void> {
      this.#stale = !this.#near;
      if (this.#stale) return;
      const { dataset } = pageState();
      try {
        const view = await this.#run('model', this.#shown!.options);
        if (view === undefined) return;
        this.#failure = undefined;
        this.#shown = { ...this.#shown!, view, dataset };
      } catch (error) {
        this.#failure = error;
      }
      this.#draw();
    }

    #run<Result>(call: string, argument: unknown): Promise<Result | undefined> {
      const own = this.#module!.run;
      return own ? (own(call, argument) as Promise<Result | undefined>) : run(name, call, argument);
    }

    #draw(): void {
      if (this.#failure === undefined && this.#shown!.view === undefined) return;
      render(this.#tree(), this);
    }

    #tree() {
      const module = this.#module!;
      const { view, dataset, options } = this.#shown!;
      const surroundings: FigureSurroundings = {
        name,
        changed: changedOptions(module.options, options).length > 0,
        reset: () => this.#set(defaultsOf(module.options) as Options),
        ...(embed && { embed: () => embed(name) }),
      };
      const props: FigureProps<Options, unknown> = {
        view,
        options,
        dataset,
        set: (changes) => this.#set(changes),
        follow: (index) => void follow(index),
        ask: (call, argument) => this.#run(call, argument),
      };
      const retry = () => {
        this.#failure = undefined;
        void this.#update();
      };
      const inner =
        this.#failure === undefined ? (
          <Boundary onError={(error) => this.#fail(error)}>
            {h(module.default as unknown as ComponentType<FigureProps<Options, unknown>>, props)}
          </Boundary>
        ) : (
          <Failed error={this.#failure} retry={retry} reset={surroundings.reset} />
        );
      return <FigureContext.Provider value={surroundings}>{inner}</FigureContext.Provider>;
    }

    #fail(error: unknown): void {
      this.#failure = error;
      queueMicrotask(() => this.#draw());
    }
  };
}

const stirred = new Promise((resolve) => {
  for (const event of ['scroll', 'pointerdown', 'keydown'])
    addEventListener(event, resolve, { once: true, capture: true, passive: true });
});

let built: DatasetInfo | undefined;

/** The dataset that the build drew, whatever the page has chosen since. */
export function builtDataset(): DatasetInfo {
  built ??= unpack<DatasetInfo>(document.getElementById('built-dataset')!.textContent!);
  return built;
}

class Boundary extends Component<{ onError(error: unknown): void; children: ComponentChildren }> {
  override componentDidCatch(error: unknown) {
    this.props.onError(error);
  }
  override render() {
    return this.props.children;
  }
}

/** In the figure's place: what went wrong and what to do. */
function Failed({ error, retry, reset }: { error: unknown; retry(): void; reset(): void }) {
  return (
    <div class="figure figure-failed" role="alert">
      <p>This figure cannot be drawn: {sentenceOf(error)}</p>
      <p class="figure-actions">
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
        <button type="button" class="button" onClick={reset}>
          Reset the figure
        </button>
      </p>
      <details>
        <summary>Details</summary>
        <pre>{error instanceof Error ? error.stack : String(error)}</pre>
      </details>
    </div>
  );
}
