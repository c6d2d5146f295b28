import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { RecordedPage } from '../support/browser.js';
import type { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

/** Waits until a page shows something. */
export const wait = { timeout: 60_000, interval: 50 };

/** The live page, and the actions of a user on it. */
export class LivePage extends RecordedPage {
  static at(
    browser: Browser,
    url: string,
    width = 1200,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<LivePage> {
    return LivePage.open(browser, url, { viewport: { width, height: 800 }, colorScheme });
  }

  async ask(sql: string): Promise<string> {
    await this.page.locator('#statement').fill(sql);
    await this.page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect.poll(() => this.text('#answer-note'), wait).not.toMatch(/^(running)?$/);
    return this.text('#answer-note');
  }
}

/** Starts a run that computes nothing, whose steps take this time, with its page at a port. */
export async function startWithPage(work: Workplace, port: number, stepMs: number) {
  const sweep = plainSweep({
    name: 'live',
    axes: { pretrainIterations: { from: 10, to: 200, step: 10 } },
  });
  const run = work.startWith(
    { ESPALIER_NOOP_STEP_MS: String(stepMs) },
    ...['run', work.sweep(sweep), '--noop', '--threads', '2', '--serve', '--port', String(port)],
  );
  const [, url] = await run.stderrMatches(/live page: (\S+)\n/);
  return { ...run, url: url! };
}
