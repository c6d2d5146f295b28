/// <reference lib="dom" />
/** The page in a real browser: Debian's chromium. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningServer, serve } from '../../src/serve/server.js';
import { Store } from '../../src/store/write/store.js';
import { ATTEMPT, completeTrajectory, config, greedy, planned, sweep } from '../store/fixtures.js';
import { launchBrowser, withoutBrowser } from '../support/browser.js';
import { Workplace } from '../support/program.js';
import { LivePage, startWithPage, wait } from './live-page.js';

const HOSTILE = '<script>document.title = "broken"</script><img src=x onerror=alert(1)>';

let browser: Browser;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'espalier-page-'));
  if (!withoutBrowser) browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(home, { recursive: true, force: true });
});

describe.skipIf(withoutBrowser)('the page', () => {
  let page: RunningServer;
  /** On a wide screen; each test leaves it usable for the next. */
  let watched: LivePage;

  beforeAll(async () => {
    const db = join(home, 'a.sqlite');
    const store = Store.open(db);
    const plans = [20, 40, 80].flatMap(n =>
      [0, 1].map(seed => planned(`n${n}s${seed}`, [0, 5, 9, 20], [greedy(3), greedy(7)], config(n, seed))),
    );
    store.saveSweep(
      sweep(HOSTILE, {
        description: HOSTILE,
        thresholds: [{ metric: 'subnet_train_accuracy', kind: 'atMost', value: 0.1, primary: true }],
        axes: () => ({ [HOSTILE]: HOSTILE }),
      }),
      plans,
    );
    for (const plan of plans.slice(0, 4)) completeTrajectory(store, plan);
    store.started('n80s0', { ...ATTEMPT, worker: HOSTILE });
    store.finished('n80s0', { kind: 'failed', code: 'ERROR', message: HOSTILE, stack: HOSTILE });
    store.close();
    page = await serve({ db, port: 0 });
    watched = await LivePage.at(browser, page.url);
  });
  afterAll(async () => {
    await watched?.page.context().close();
    await page.close('over');
  });

  it('shows the content of the database, and requests nothing elsewhere', async () => {
    await expect.poll(() => watched.text('#sweep-cards'), wait).toContain('32 of 48');
    expect(await watched.text('#sweep-cards .share')).toBe('66.6 %');
    expect(await watched.text('#sweep-cards')).toContain('4 of 6');
    expect(await watched.page.title()).toMatch(/^66\.6 % /);
    expect(await watched.text('#connection')).toBe('live');
    expect(await watched.page.locator('progress').getAttribute('value')).toBe('32');
    expect([...watched.requestedOrigins]).toEqual([new URL(page.url).origin]);
    expect(watched.errors).toEqual([]);
  });

  // Second, while nothing has the focus yet.
  it('is usable by keyboard, and every control has a name', async () => {
    await expect.poll(() => watched.text('#sweep-cards'), wait).toContain('32 of 48');
    await watched.page.keyboard.press('Tab');
    expect(await watched.page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the sweeps');
    await watched.page.locator('#statement').focus();
    await watched.page.locator('#statement').fill('SELECT 1');
    await watched.page.keyboard.press('Control+Enter');
    await expect.poll(() => watched.text('#answer-note'), wait).toMatch(/^1 row/);
    await expect.poll(() => watched.page.locator('#figure-list svg').count(), wait).toBe(3);
    const unnamed = await watched.page.evaluate(() => {
      const named = (element: Element) =>
        element.textContent?.trim() ||
        element.getAttribute('aria-label') ||
        (element as HTMLInputElement).labels?.length;
      return [...document.querySelectorAll('button, select, textarea, a, progress, [role=img]')]
        .filter(element => !named(element))
        .map(element => element.outerHTML);
    });
    expect(unnamed).toEqual([]);
  });

  it('draws the figures, with a description and a table behind each', async () => {
    const figures = watched.page.locator('#figure-list figure');
    await expect.poll(() => figures.locator('svg').count(), wait).toBe(3);
    for (const figure of await figures.all()) {
      const { width, height } = (await figure.locator('svg').boundingBox())!;
      expect(Math.min(width, height)).toBeGreaterThan(200);
      expect(await figure.locator('svg').innerHTML()).not.toMatch(/NaN|undefined/);
      expect(await figure.locator('[role=img]').getAttribute('aria-label')).toMatch(/^\S.{40,}/);
    }
    const curves = figures.filter({ hasText: 'Loss and accuracy' });
    expect(await curves.locator('svg').innerHTML()).toContain('data set size');
    await curves.locator('summary').click();
    const rows = await curves.locator('tbody tr').allInnerTexts();
    // Subnetworks of 7 neurons at n = 40 and t = 9: the fixture's loss is t + k + 0.1.
    expect(rows.map(row => row.split(/\s+/).slice(0, 5))).toContainEqual(['greedy', '40', '9', '2', '16.1']);
    expect(await watched.text('#figures-note')).toContain('4 of 6 curves');

    await watched.page.getByLabel('subnetwork size').selectOption('3');
    const loss = async () =>
      (await curves.locator('tbody tr').allInnerTexts()).map(row => row.split(/\s+/).slice(0, 5));
    await expect.poll(loss, wait).toContainEqual(['greedy', '40', '9', '2', '12.1']);
    expect(watched.errors).toEqual([]);
  });

  it('shows hostile text as text', async () => {
    await expect.poll(() => watched.text('#sweep-cards h3'), wait).toBe(HOSTILE);
    expect(await watched.text('#sweep-cards .about')).toBe(HOSTILE);
    await watched.page.locator('#failure-list summary').click();
    expect(await watched.text('#failure-list')).toContain(HOSTILE);
    expect(await watched.ask('SELECT sweep, trajectory_id FROM results')).toMatch(/^32 rows in \d+ ms$/);
    expect(await watched.text('#answer tbody tr:first-child')).toContain(HOSTILE);
    expect(await watched.page.locator('body script, img[src=x]').count()).toBe(0);
    expect(watched.errors).toEqual([]);
  });

  it('fits a phone, light and dark', async () => {
    const phone = await LivePage.at(browser, page.url, 375);
    await expect.poll(() => phone.text('#sweep-cards'), wait).toContain('32 of 48');
    await phone.ask('SELECT * FROM results');
    const small = await phone.page.evaluate(
      () =>
        [...document.querySelectorAll('button, select, textarea, summary')].filter(element => {
          const { width, height } = element.getBoundingClientRect();
          return width > 0 && height < 20;
        }).length,
    );
    expect(small).toBe(0);
    const backgrounds = new Set<string>();
    for (const colorScheme of ['light', 'dark'] as const) {
      await phone.page.emulateMedia({ colorScheme });
      const { width, color, background } = await phone.page.evaluate(() => {
        const { color, backgroundColor } = getComputedStyle(document.documentElement);
        return { width: document.documentElement.scrollWidth, color, background: backgroundColor };
      });
      expect(width).toBeLessThanOrEqual(375);
      expect(color).not.toBe(background);
      backgrounds.add(background);
    }
    expect(backgrounds.size).toBe(2);
    expect(phone.errors).toEqual([]);
    await phone.page.context().close();
  });

  // Last, because the browser logs a refusal as an error.
  it('answers SQL, or gives the reason why not', async () => {
    await watched.page.locator('#relations button', { hasText: 'progress' }).first().waitFor();
    expect(await watched.ask('DELETE FROM cells')).toBe(
      'SQL: DELETE writes, expected a statement that reads and returns rows',
    );
    expect(await watched.ask('SELECT 6 * 7 AS answer, NULL AS none')).toMatch(/^1 row in /);
    expect(await watched.text('#answer')).toMatch(/answer\s+none\s+42\s+NULL/);
    await watched.page.getByRole('button', { name: 'thresholds', exact: true }).click();
    expect(await watched.page.locator('#statement').inputValue()).toBe(
      'SELECT * FROM "thresholds" LIMIT 100',
    );
    expect(watched.errors.filter(text => !text.includes('400 (Bad Request)'))).toEqual([]);
  });
});

it.skipIf(withoutBrowser)('the page shows the workers of a queue while its run is alive', async () => {
  const db = join(home, 'queue.sqlite');
  const store = Store.open(db);
  store.saveSweep(sweep('far'), [planned('n20s0', [0, 5], [greedy(3)], config(20, 0))]);
  const ago = (seconds: number) => new Date(Date.now() - 1000 * seconds).toISOString();
  const worker = { toolVersion: '0.2.0', cells: 60, heartbeat: ago(1), since: ago(7_200) };
  const state = {
    server: 'redis://server:6379',
    name: 'far-1234',
    waiting: 2,
    taken: 1,
    unstored: 5,
    oldestS: 3,
    moved: 4,
    dropped: 7,
  };
  store.setQueue({ ...state, workers: [] });
  store.flush();
  const server = await serve({ db, port: 0 });
  onTestFinished(() => server.close('over'));
  const live = await LivePage.at(browser, server.url);
  await expect
    .poll(() => live.text('#workers-table'), wait)
    .toBe('None yet: espalier worker --queue redis://server:6379');
  store.setQueue({
    ...state,
    workers: [
      {
        ...worker,
        ...{ host: 'node7', process: 42, threads: 16, kernels: 'native-512', running: ['t1', 't2'] },
        ...{ trajectories: 31, cellsPerSecond: 12.3 },
      },
      {
        ...worker,
        ...{ host: HOSTILE, process: 43, threads: 2, kernels: null, running: [] },
        ...{ trajectories: 0, cellsPerSecond: null },
      },
    ],
  });
  store.flush();
  const rows = live.page.locator('#workers-table tbody tr');
  await expect.poll(() => rows.count(), wait).toBe(2);
  const heads = await live.page.locator('#workers-table thead th').allInnerTexts();
  const named = ['worker', 'threads', 'kernels', 'for', 'heartbeat', 'done', 'rate', 'computes'];
  expect(heads.map(head => head.toLowerCase())).toEqual(named);
  const [first, second] = await Promise.all(
    [0, 1].map(row => rows.nth(row).locator('th, td').allInnerTexts()),
  );
  expect(first).toEqual([
    ...['node7/42', '16', 'native-512', expect.stringMatching(/^2 h/), expect.stringMatching(/^\d+ s/)],
    ...['31', expect.stringMatching(/^12/), 't1 t2'],
  ]);
  expect(second!.slice(0, 3)).toEqual([`${HOSTILE}/43`, '2', '']);
  expect(await live.text('#workers-note')).toBe(
    'far-1234 at redis://server:6379: 2 waiting, 1 taken; 4 trajectories moved; 5 reports not stored yet (3 s); 7 messages dropped',
  );
  store.close();
  await expect.poll(() => live.page.locator('#workers').isVisible(), wait).toBe(false);
  expect(live.errors).toEqual([]);
});

// browser.slow.ts follows one from start to end.
it.skipIf(withoutBrowser)('the page follows a run, pauses it and lets it go on', async () => {
  const work = new Workplace();
  onTestFinished(() => work.remove());
  // Slow, because it must not end by itself.
  const run = await startWithPage(work, 0, 500);
  const live = await LivePage.at(browser, run.url);
  await expect
    .poll(async () => Number(await live.page.locator('progress').getAttribute('value')), wait)
    .toBeGreaterThan(0);
  expect(await live.text('#sweep-cards')).toMatch(/running since/);
  expect(await live.text('#running-table')).toMatch(/of 200/);
  await live.page.getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => live.text('#sweep-cards'), wait).toMatch(/paused; running since/);
  expect(await live.text('#threads-note')).toMatch(/^paused: the cores are free/);
  await live.page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(() => live.text('#sweep-cards'), wait).not.toMatch(/paused/);
  expect(live.errors).toEqual([]);
  run.child.kill('SIGINT');
  expect((await run.ended).code).toBe(3);
  await expect.poll(() => live.text('#connection'), wait).toMatch(/the run has ended/);
});
