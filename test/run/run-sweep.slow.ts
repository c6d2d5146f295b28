/** More sweeps, threads and interruptions than run-sweep.test.ts has. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'vitest';
import { VARIED } from '../support/small-sweeps.js';
import { expectSameOnThreads, expectSameWhenInterrupted } from './computed-alike.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-sweep-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

it.each(VARIED)('threads: $name', sweep => expectSameOnThreads(home, sweep, [1, 2, 3]));

it.each(VARIED)('interruptions: $name', sweep => expectSameWhenInterrupted(home, sweep));
