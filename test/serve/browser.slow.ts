/** The page of a run from its start to its end; browser.test.ts has the rest of the page. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../src/serve/server.js';
import { launchBrowser, withoutBrowser } from '../support/browser.js';
import { Workplace } from '../support/program.js';
import { LivePage, startWithPage, wait } from './live-page.js';

describe.skipIf(withoutBrowser)('the page during a run', () => {
  const work = new Workplace();
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    work.remove();
  });

  it('follows the sweep from start to end, even if its process dies in between', async () => {
    const port = await freePort(work);
    // Slow, because it must not end before it is killed.
    const first = await startWithPage(work, port, 50);
    const watched = await LivePage.at(browser, first.url);
    const done = async () => Number(await watched.page.locator('progress').getAttribute('value'));
    await expect.poll(done, wait).toBeGreaterThan(0);
    first.child.kill('SIGKILL');
    await first.ended;
    await expect.poll(() => watched.text('#connection'), wait).not.toBe('live');
    const atDeath = await done();

    const second = await startWithPage(work, port, 10);
    await expect.poll(() => watched.text('#connection'), wait).toBe('live');
    const seen: number[] = [];
    await expect
      .poll(async () => {
        seen.push(await done());
        return watched.text('#sweep-cards');
      }, wait)
      .toMatch(/168 of 168[\s\S]*finished/);
    expect(seen[0]).toBeGreaterThanOrEqual(atDeath);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect((await second.ended).code).toBe(0);
    await expect.poll(() => watched.text('#connection'), wait).toMatch(/the run has ended/);
    expect(await watched.text('#sweep-cards .share')).toBe('100.0 %');
    expect(work.files().filter(name => name.startsWith('results/'))).toEqual([
      'results/live.sqlite',
      'results/live.sqlite.log',
    ]);
  });
});

/** A port that was free a moment ago. */
async function freePort(work: Workplace): Promise<number> {
  const page = await serve({ db: work.path('none.sqlite'), port: 0 });
  await page.close('only to find a port');
  return Number(new URL(page.url).port);
}
