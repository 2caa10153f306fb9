// Serves the built site under its policy and opens it in Chromium. Pages fail on what no reader may meet: an error in
// the console, a request that goes elsewhere or fails.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { serve } from '../../web/build/serve.mjs';
import { launchChromium } from '../chromium.mjs';

export interface PageOptions extends Omit<BrowserContextOptions, 'viewport'> {
  width?: number;
  height?: number;
}

export interface Site {
  address: string;
  browser: Browser;
  /** Opens index.html, or another `path`, in a context of its own; waits until its fonts are there. */
  page(options?: PageOptions, path?: string): Promise<Page>;
  /** Ends everything, and fails with what went wrong on any of its pages. */
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const index = new URL('../../site/index.html', import.meta.url);
  assert.ok(existsSync(fileURLToPath(index)), 'There is no site/: run `npm run build` first.');
  const { address, close } = await serve();
  const browser = await launchChromium();
  const complaints: string[] = [];

  const page = async ({ width = 1280, height = 900, ...rest }: PageOptions = {}, path = '') => {
    const context = await browser.newContext({ viewport: { width, height }, ...rest });
    const opened = await context.newPage();
    // Without scripts the browser reports the scripts as failed.
    if (rest.javaScriptEnabled !== false) watch(opened, address, complaints);
    await opened.goto(address + path);
    await opened.evaluate(() => document.fonts.ready.then(() => undefined));
    return opened;
  };
  return {
    address,
    browser,
    page,
    async close() {
      await browser.close();
      await close();
      assert.deepEqual(complaints, []);
    },
  };
}

function watch(page: Page, address: string, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // Leaving a page aborts what it still loads.
    if (reason !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()}, ${reason}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !url.startsWith('data:') && !url.startsWith('blob:'))
      complaints.push(`elsewhere: ${url}`);
  });
}

/** A figure comes to life when it is near; this brings it near and waits for it. */
export async function wake(page: Page, section: string): Promise<void> {
  await page.locator(`#${section}`).scrollIntoViewIfNeeded();
  await page.locator(`fewbits-${section}[data-ready]`).waitFor();
}

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/**
 * What axe finds. It runs in a page of its own without the policy, since its injected script is what a policy forbids.
 */
export async function audit(site: Site, options: PageOptions, path = '', prepare?: (page: Page) => Promise<void>) {
  const page = await site.page({ ...options, bypassCSP: true }, path);
  await prepare?.(page);
  await page.addScriptTag({ path: axeFile });
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`,
    );
  });
  await page.context().close();
  return violations;
}

interface Violation {
  id: string;
  nodes: { html: string }[];
}

/** Whether the page can be scrolled sideways. */
export const scrollsSideways = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
