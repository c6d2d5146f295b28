/** The narrower native kernels; npm test has the widest. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/index.js';
import { WasmInstancePool } from '../../../src/engine/wasm/instance-pool.js';
import { FLOAT32 } from '../../support/engines.js';
import { engineConformance } from '../conformance.js';
import { goldenHashes, type Hashes } from '../golden/cases.js';
import { NATIVE } from './built.js';
import { boundBy, kernelConformance } from './conformance.js';

const expected = JSON.parse(
  readFileSync(new URL('../golden/hashes.json', import.meta.url), 'utf8'),
) as Hashes;
const wasm = boundBy(await WasmInstancePool.load('wasm'));

for (const kernels of NATIVE.slice(0, -1)) {
  kernelConformance(kernels, wasm, boundBy(await WasmInstancePool.load(kernels)));
  engineConformance(`wasm on ${kernels} kernels`, () => createWasmEngine({ kernels }), FLOAT32);
  it(`golden hashes on ${kernels} kernels`, async () => {
    expect((await goldenHashes(kernels)).engine).toEqual(expected.engine);
  });
}

it.skipIf(NATIVE.length > 0)('there are no native kernels here', () => {
  expect(NATIVE).toEqual([]);
});
