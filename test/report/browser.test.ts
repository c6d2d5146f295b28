/// <reference lib="dom" />
/** A report in a real browser, opened from disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../src/report/page/report.js';
import { readReport } from '../../src/report/read-report.js';
import { openReader } from '../../src/store/read/reader.js';
import { launchBrowser, RecordedPage, withoutBrowser } from '../support/browser.js';
import { DRAWN, fill, HOSTILE, lossAt } from './database.js';

const wait = { timeout: 30_000, interval: 50 };

describe.skipIf(withoutBrowser)('a report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-report-'));
  let html: string;
  let browser: Browser;
  let url: string;
  /** The report on a wide screen. No test leaves it changed. */
  let wide: RecordedPage;

  beforeAll(async () => {
    const db = join(folder, 'a.sqlite');
    fill(db, HOSTILE, HOSTILE);
    const reader = openReader(db);
    // The page is the same with intervals of few simulations.
    const content = await readReport(reader, reader.sweep(HOSTILE), {}, { simulations: 19, bandDraws: 20 });
    reader.close();
    html = await renderReport(content);
    writeFileSync(join(folder, 'a.html'), html);
    url = pathToFileURL(join(folder, 'a.html')).href;
    browser = await launchBrowser();
    wide = await open();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (options?: BrowserContextOptions) => RecordedPage.open(browser, url, options);

  /** Scrolls to every figure, so that all become live. */
  async function allLive({ page }: RecordedPage): Promise<void> {
    for (const figure of await page.locator('figure').all()) {
      await figure.scrollIntoViewIfNeeded();
      await expect.poll(() => figure.locator('.drawn .live svg').count(), wait).toBe(1);
    }
  }

  it('makes every figure live, without errors and without requests', async () => {
    const watched = wide;
    await allLive(watched);
    expect(await watched.page.locator('figure').count()).toBe(DRAWN.length);
    expect(await watched.page.locator('.live svg').allTextContents()).not.toContainEqual(
      expect.stringMatching(/NaN|undefined|null/),
    );
    expect(watched.errors).toEqual([]);
    expect([...watched.requestedOrigins]).toEqual(['null']);
    expect(Buffer.byteLength(html)).toBeLessThan(3e6);
  });

  it('shows text of the database as text', async () => {
    const { page, errors: complaints } = wide;
    expect(await page.title()).toBe(`${HOSTILE}: report of espalier`);
    expect(await page.locator('h1').innerText()).toBe(HOSTILE);
    expect(await page.locator('header .about').innerText()).toBe(HOSTILE);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('#sweep').innerText()).toContain(HOSTILE);
    expect(complaints).toEqual([]);
  });

  it('has the verdict, and the numbers of the database behind each figure', async () => {
    const { page } = wide;
    expect(await page.locator('.verdict').innerText()).toMatch(/^subnetwork training loss ≤ 0\.15: \S/);
    expect(await page.locator('.grid tbody tr').count()).toBe(3);
    await page.locator('#curves summary').click();
    const rows = (await page.locator('#curves tbody tr').allInnerTexts()).map(row => row.split('\t'));
    const at8 = [0, 1, 2, 3, 4].map(seed => lossAt(900, seed, 8));
    const mean = at8.reduce((sum, one) => sum + one, 0) / 5;
    const [row] = rows.filter(([network, n, t]) => network === 'greedy' && n === '900' && t === '8');
    expect(Number(row![4])).toBeCloseTo(mean, 4);
    expect(Number(row![5])).toBeCloseTo(Math.min(...at8), 4);
    await page.locator('#thresholds summary').click();
    expect(await page.locator('#thresholds tbody tr').count()).toBe(25);
  });

  it('shows its figures without scripts, each with a title and a description', async () => {
    const { page, errors: complaints } = await open({ javaScriptEnabled: false });
    const stills = page.locator('figure .still .wide svg');
    expect(await stills.count()).toBe(DRAWN.length);
    for (const svg of await stills.all()) {
      expect((await svg.boundingBox())!.width).toBeGreaterThan(500);
      expect(await svg.getAttribute('role')).toBe('img');
      expect((await svg.locator('desc').textContent())!.length).toBeGreaterThan(40);
    }
    expect(complaints).toEqual([]);
  });

  it('fits on a phone, where touch scrolls the page', async () => {
    const watched = await open({ viewport: { width: 375, height: 700 }, hasTouch: true });
    await allLive(watched);
    const { page } = watched;
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    for (const svg of await page.locator('.live svg').all()) {
      const box = (await svg.boundingBox())!;
      expect(box.x + box.width).toBeLessThanOrEqual(375);
      expect(await svg.evaluate(element => getComputedStyle(element).touchAction)).not.toBe('none');
    }
    const sizes = await page
      .locator('.live svg text')
      .evaluateAll(texts => texts.map(text => Number.parseFloat(getComputedStyle(text).fontSize)));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(9);
    expect(watched.errors).toEqual([]);
  });

  it('is dark where the reader prefers it, and light on paper', async () => {
    const { page } = wide;
    await page.emulateMedia({ colorScheme: 'dark' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await background()).toBe('rgb(11, 14, 18)');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await background()).toBe('rgb(255, 255, 255)');
    expect(await page.locator('#targets .still .wide svg').isVisible()).toBe(true);
    expect(await page.locator('#targets .live').isVisible()).toBe(false);
    await page.emulateMedia({ media: null, colorScheme: 'light' });
    expect(await page.locator('#targets .live').isVisible()).toBe(true);
  });

  it('isolates an entry of a legend by keyboard, and zooms only with Ctrl', async () => {
    const watched = wide;
    const { page } = watched;
    const figure = page.locator('#targets');
    await figure.scrollIntoViewIfNeeded();
    await expect.poll(() => figure.locator('.live svg').count(), wait).toBe(1);
    const drawn = () => figure.locator('.live').innerHTML();
    const before = await drawn();
    const button = figure.getByRole('button', { name: '≤ 0.25' });
    await button.focus();
    await page.keyboard.press('Enter');
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    await expect.poll(drawn, wait).not.toBe(before);
    await figure.getByRole('button', { name: 'Reset' }).click();
    await expect.poll(() => button.getAttribute('aria-pressed'), wait).toBe('false');

    const ticks = () => figure.locator('.live .role-axis-label').allTextContents();
    const all = await ticks();
    const box = (await figure.locator('.live svg').boundingBox())!;
    await page.mouse.move(box.x + 250, box.y + 100);
    await page.mouse.wheel(0, -120);
    await page.waitForTimeout(200);
    expect(await ticks()).toEqual(all);
    const moved = (await figure.locator('.live svg').boundingBox())!;
    await page.mouse.move(moved.x + 250, moved.y + 150);
    await page.keyboard.down('Control');
    for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -300);
    await page.keyboard.up('Control');
    await expect.poll(ticks, wait).not.toEqual(all);
    expect(watched.errors).toEqual([]);
  });

  it('describes the point below the pointer', async () => {
    const { page } = wide;
    const point = page.locator('#residuals .live .mark-symbol path').first();
    await page.locator('#residuals').scrollIntoViewIfNeeded();
    await expect.poll(() => point.count(), wait).toBe(1);
    await point.hover();
    await expect.poll(() => page.locator('.tooltip').innerText(), wait).toMatch(/n\s+100\s+seed\s+\d/);
  });
});
