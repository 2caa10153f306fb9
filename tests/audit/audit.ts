// npm run audit: the built page's figures beside its budget. Times are printed, never asserted.
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../chromium.mjs';
import { sizesOf, weigh } from '../page/budget.ts';
import { serveGzipped } from './host.ts';
import { inputs } from './input.ts';
import { type Conditions, clsOf, DESKTOP, type Load, load, PHONE, readThrough } from './load.ts';
import { type Audit, type Timings, table } from './report.ts';

const site = fileURLToPath(new URL('../../site/', import.meta.url));

const [quick, json] = ['--quick', '--json'].map((flag) => process.argv.includes(flag));
const [runs, presses] = quick ? [1, 8] : [5, 40];
const say = (text: string) => console.error(text);

const processors = os.cpus();
const [others = 0] = os.loadavg();
const busy = others > processors.length / 2;
if (busy)
  say(`The machine is busy (load ${others.toFixed(1)} on ${processors.length} processors): times are too long.`);

const { address, scripts, close } = await serveGzipped();
const browser = await launchChromium();
try {
  const audit = await measure();
  console.log(json ? JSON.stringify(audit, null, 2) : table(audit));
} finally {
  await browser.close();
  await close();
}

async function measure(): Promise<Audit> {
  const loads = async (name: string, conditions: Conditions) => {
    say(`loading, ${name}`);
    scripts();
    const all: Load[] = [];
    for (let i = 0; i < runs; i++) all.push(await load(browser, address, conditions));
    const first = Object.fromEntries(scripts().map((file) => [file, weigh(site, [file])]));
    return { ...together(all), first, shifts: all.at(-1)!.shifts };
  };
  const phone = await loads('phone', PHONE);
  const desktop = await loads('desktop', DESKTOP);
  const reading = [];
  for (const conditions of [PHONE, DESKTOP]) {
    const { width } = conditions;
    say(`reading to the end, ${width} wide`);
    const { shifts, grown } = await readThrough(browser, address, conditions);
    reading.push({ width, cls: clsOf(shifts), shifts, grown });
  }
  say('input to paint');
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${processors[0]!.model.trim()}, ${processors.length} processors`,
    load: others.toFixed(1),
    busy,
    browser: `Chromium ${browser.version()}`,
    sizes: sizesOf(site),
    phone,
    desktop,
    reading,
    input: await inputs(browser, address, presses, say),
  };
}

function together(loads: readonly Load[]): Timings {
  const of = (key: keyof Timings) => loads.map((one) => one[key]);
  return { fcp: of('fcp'), lcp: of('lcp'), tbt: of('tbt'), cls: of('cls') };
}
