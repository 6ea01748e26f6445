/** Opens the page in a browser, and records console errors and the hosts it contacts. */
import type { Browser, Page } from 'playwright-core';

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, and uncaught exceptions. */
  readonly consoleErrors: string[];
  /** Hosts of all requests. */
  readonly hosts: Set<string>;
  /** Ids of the innermost highlighted states of the chart. */
  activeLeaves(): Promise<string[]>;
  /** Ids of the transitions marked as taken last. */
  lastTransitions(): Promise<string[]>;
  /** The visible rows of the log, as kind and text. */
  rows(): Promise<string[]>;
  /** Resolves when an element contains a text. */
  waitForText(selector: string, text: string): Promise<void>;
}

export async function openPage(
  browser: Browser,
  feed: { readonly url: string },
  options: OpenOptions = {},
): Promise<OpenPage> {
  const { width = 1440, height = 900, ...media } = options;
  const context = await browser.newContext({ viewport: { width, height }, ...media });
  const page = await context.newPage();
  const consoleErrors: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => message.type() !== 'log' && consoleErrors.push(message.text()));
  page.on('pageerror', (error) => consoleErrors.push(error.message));
  page.on('request', (request) => void (request.url().startsWith('http') && hosts.add(new URL(request.url()).host)));
  page.on('websocket', (socket) => hosts.add(new URL(socket.url()).host));
  await page.goto(feed.url);
  const names = (selector: string, key: string): Promise<string[]> =>
    page
      .locator(selector)
      .evaluateAll(
        (nodes, key) =>
          nodes.map((node) => (node as unknown as { dataset: Record<string, string> }).dataset[key] ?? ''),
        key,
      );
  const opened: OpenPage = {
    page,
    consoleErrors,
    hosts,
    activeLeaves: () => names('g.state.leaf', 'state'),
    lastTransitions: () => names('g.transition.last', 'transition'),
    rows: async () =>
      page.locator('.row:visible').evaluateAll((nodes) =>
        nodes
          .map(
            (node) =>
              node as unknown as { dataset: { id: string }; querySelector(selector: string): { textContent: string } },
          )
          .toSorted((a, b) => Number(a.dataset.id) - Number(b.dataset.id))
          .map((row) => `${row.querySelector('.kind').textContent}: ${row.querySelector('.text').textContent}`),
      ),
    waitForText: (selector, text) => page.locator(selector).filter({ hasText: text }).waitFor(),
    [Symbol.asyncDispose]: () => context.close(),
  };
  return opened;
}

/** Opens the page and waits for the chart of the first shard. */
export async function openChart(
  browser: Browser,
  feed: { readonly url: string },
  options: OpenOptions = {},
): Promise<OpenPage> {
  const opened = await openPage(browser, feed, options);
  await opened.page.locator('g.state.leaf').first().waitFor();
  return opened;
}
