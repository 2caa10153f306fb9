// One figure in another page. At first the address says what it shows; the page around it changes that by messages
// { query, values }, see elements.ts. Numbers come by message only.
import './styles.ts';
import { readAddress } from './kit/address.ts';
import { worker } from './kit/client.ts';
import { sameSource } from './kit/data/examples.ts';
import { builtDataset, defineFigures } from './kit/element.tsx';
import { figures } from './kit/figures.ts';
import { followState, openedAddress } from './kit/link.ts';
import { openPage } from './kit/opening.ts';
import { follow, onPageState, pageState, sentenceOf, setPageState, takeReading, useSource } from './kit/page.ts';

const WAITING = 'Waiting for the numbers of the page around this one.';
const COMMAS = 'A comma separates numbers here: write fractions with a point.';

interface Wanted {
  query: string;
  /** A text with numbers, or null for the data that the query names. */
  values: unknown;
}

const name = new URLSearchParams(location.search).get('figure') ?? '';
const load = figures[`../sections/${name}/figure.tsx`];
const place = document.getElementById('figure')!;
const element = document.createElement(`fewbits-${name}`);

let given = readAddress(location.search);
let values: unknown = null;
/** What is wrong with the values. */
let complaint = '';

async function start(): Promise<void> {
  followState((query) => document.querySelector('a')!.setAttribute('href', `./${query}#${name}`));
  onPageState(showNote);
  defineFigures(figures);
  const waits = given.wasOwn && parent !== window;
  if (waits) setPageState({ dataset: builtDataset(), back: null, busy: '', message: WAITING });
  else openPage(builtDataset());
  // From now on the element's attributes say what the address has said.
  await setOptions();
  openedAddress().options.clear();
  if (!waits) show();
}

function show(): void {
  if (!element.isConnected) place.append(element);
}

function showNote(): void {
  const note = document.getElementById('note')!;
  const { message, dataset } = pageState();
  note.className = complaint ? 'problem' : 'note';
  note.textContent = complaint || message || dataset.note;
}

function complain(sentence: string): void {
  complaint = sentence;
  showNote();
}

async function apply(wanted: Wanted): Promise<void> {
  const before = given;
  const had = values;
  given = readAddress(wanted.query);
  values = wanted.values;
  const query = new URLSearchParams(wanted.query);
  document.documentElement.dataset['theme'] = query.get('theme') ?? 'auto';
  await setOptions();
  const { source, followed } = given;
  if (typeof values === 'string') {
    const changed = values !== had || followed !== before.followed;
    return changed ? read(values, Number(query.get('follow'))) : undefined;
  }
  if (had !== null || !sameSource(source, before.source)) {
    complain('');
    await useSource(source, { followed });
  } else if (followed !== before.followed) await follow(followed);
  show();
}

/** Only what the figure knows: a query may ask for anything. */
async function setOptions(): Promise<void> {
  const { options } = await load!();
  for (const key of Object.keys(options)) {
    const text = given.options.get(`${name}.${key}`);
    if (text === undefined) element.removeAttribute(key);
    else if (text !== element.getAttribute(key)) element.setAttribute(key, text);
  }
}

/** Shows the numbers that can be used, and says what is wrong with the others. */
async function read(text: string, followed: number): Promise<void> {
  const { complaint: wrong, usable, ambiguous } = await worker().readText('values', text, 'These numbers');
  complain([wrong, wrong && usable > 0 && 'Here are the others.', ambiguous && COMMAS].filter(Boolean).join(' '));
  if (usable === 0) return;
  await takeReading('values');
  if (followed > 0) await follow(followed);
  show();
}

if (load) {
  let turn = start();
  let newest: Wanted;
  addEventListener('message', ({ source, data }) => {
    if (source !== parent || typeof data?.query !== 'string') return;
    newest = data;
    turn = turn.then(() => (data === newest ? apply(data) : undefined)).catch((error) => complain(sentenceOf(error)));
  });
} else {
  const names = Object.keys(figures).map((path) => path.split('/').at(-2));
  place.textContent = `There is no figure “${name}”. There are: ${names.join(', ')}.`;
}

/** The page around this one sets the frame's height. */
new ResizeObserver(() => {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  parent.postMessage({ fewbits: name, height }, '*');
}).observe(document.documentElement);
