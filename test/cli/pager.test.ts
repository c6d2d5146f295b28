import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePaged } from '../../src/cli/pager.js';

const TEXT = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join('');
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-pager-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function shown(options: { isTTY: boolean; rows: number; pager: string }) {
  let direct = '';
  const stdout = new Writable({
    write: (text, _, done) => {
      direct += text;
      done();
    },
  });
  Object.assign(stdout, { isTTY: options.isTTY, rows: options.rows });
  const seen = join(home, 'seen');
  rmSync(seen, { force: true });
  const env = { PATH: process.env.PATH, SEEN: seen, PAGER: options.pager };
  await writePaged(TEXT, { stdout: stdout as never, env });
  let paged = '';
  try {
    paged = readFileSync(seen, 'utf8');
  } catch {
    // No pager was started.
  }
  return { direct, paged };
}

const PAGER = 'cat > "$SEEN"';

describe('a text longer than the terminal', () => {
  it('goes through the pager', async () => {
    expect(await shown({ isTTY: true, rows: 24, pager: PAGER })).toEqual({ direct: '', paged: TEXT });
    expect(await shown({ isTTY: true, rows: 24, pager: 'head -c 0; echo "$LESS" > "$SEEN"' })).toEqual({
      direct: '',
      paged: 'FRSX\n',
    });
  });

  it.each([
    ['no terminal', { isTTY: false, rows: 24, pager: PAGER }],
    ['a terminal that is high enough', { isTTY: true, rows: 40, pager: PAGER }],
    ['PAGER empty', { isTTY: true, rows: 24, pager: '' }],
    ['PAGER=cat', { isTTY: true, rows: 24, pager: 'cat' }],
    ['a pager that is not there', { isTTY: true, rows: 24, pager: 'no-such-pager-here' }],
  ])('is printed: %s', async (_, options) => {
    expect(await shown(options)).toEqual({ direct: TEXT, paged: '' });
  });
});
