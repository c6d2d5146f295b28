/// <reference lib="dom" />
/** Debian's chromium, and pages in it that record errors and requests. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** True where chromium is not installed; for `describe.skipIf`. */
export const withoutBrowser = !existsSync(CHROMIUM);
if (withoutBrowser)
  console.warn(
    `no ${CHROMIUM}: what would be seen in a browser is skipped (Debian: apt-get install chromium)`,
  );

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** A page that records its errors and warnings, and the origins of its requests. */
export class RecordedPage {
  readonly errors: string[] = [];
  /** Origins of requests; `null` is the file itself and its content. */
  readonly requestedOrigins = new Set<string>();

  constructor(readonly page: Page) {
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) this.errors.push(message.text());
    });
    page.on('pageerror', error => this.errors.push(String(error)));
    page.on('dialog', dialog => {
      this.errors.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', request => this.requestedOrigins.add(new URL(request.url()).origin));
  }

  static async open<Opened extends RecordedPage>(
    this: new (
      page: Page,
    ) => Opened,
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
    const watched = new this(await context.newPage());
    await watched.page.goto(url);
    return watched;
  }

  text(selector: string): Promise<string> {
    return this.page.locator(selector).innerText();
  }
}
