import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { NUMERICS } from '../../src/engine/numerics.js';
import { CASES, goldenHashes, type Hashes } from './golden/cases.js';
import { NATIVE } from './kernels/built.js';

const expected: Hashes = JSON.parse(
  readFileSync(new URL('golden/hashes.json', import.meta.url), 'utf8'),
) as Hashes;
const UPDATE =
  'and write the new hashes: node test/engine/golden/print.mjs > test/engine/golden/hashes.json (after npm run build)';

let actual: Hashes;
beforeAll(async () => {
  actual = await goldenHashes('wasm');
});

describe('golden hashes: the same on every version of Node and every processor', () => {
  it('belong to the current numerics', () => {
    expect(NUMERICS.wasm, `the hashes are of other numerics; if that is meant, ${UPDATE}`).toBe(
      expected.numerics,
    );
    expect(Object.keys(CASES), `cases without hashes; ${UPDATE}`).toEqual(Object.keys(expected.engine));
  });

  for (const name of Object.keys(expected.sources)) {
    it(name, () => {
      const message =
        `${name}: all results of all engines change. If that is meant, raise every engine's number in ` +
        `src/engine/numerics.ts (for digits, DIGITS_VERSION instead), ${UPDATE}`;
      expect(actual.sources[name], message).toBe(expected.sources[name]);
    });
  }

  for (const name of Object.keys(expected.engine)) {
    it(`wasm: ${name}`, () => {
      const message =
        `${name}: results of the wasm engine change. If that is meant, raise NUMERICS.wasm in ` +
        `src/engine/numerics.ts, ${UPDATE}`;
      expect(actual.engine[name], message).toEqual(expected.engine[name]);
    });
  }

  it.skipIf(NATIVE.length === 0)('the same on native kernels', async () => {
    expect((await goldenHashes('native')).engine).toEqual(expected.engine);
  });
});
