/** Whole reports, as report.test.ts writes one. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fill } from '../report/database.js';
import { Workplace } from '../support/program.js';

describe('espalier report', () => {
  const place = new Workplace();
  beforeAll(() => fill(place.path('a.sqlite'), 'made', 'here'));
  afterAll(() => place.remove());

  it('writes the same bytes each time', async () => {
    for (const page of ['once.html', 'again.html']) await place.run('report', 'a.sqlite', '--output', page);
    expect(readFileSync(place.path('again.html'))).toEqual(readFileSync(place.path('once.html')));
  });

  it('shows the subnetwork size of --subnet-size', async () => {
    await place.run('report', 'a.sqlite', '--subnet-size', '5', '--output', 'five.html');
    expect(readFileSync(place.path('five.html'), 'utf8')).toContain('k = 5, selected');
  });
});
