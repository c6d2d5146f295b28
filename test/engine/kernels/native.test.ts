import { describe, expect, it } from 'vitest';
import { WasmInstancePool } from '../../../src/engine/wasm/instance-pool.js';
import { NATIVE } from './built.js';
import { boundBy, kernelConformance } from './conformance.js';

const widest = NATIVE.at(-1);
if (widest !== undefined) {
  const [wasm, native] = [await WasmInstancePool.load('wasm'), await WasmInstancePool.load(widest)];
  kernelConformance(widest, boundBy(wasm), boundBy(native));
}

describe('the choice of kernels', () => {
  const load = (choice: string) => WasmInstancePool.load(choice).then(({ choice: { name } }) => name);

  it.skipIf(widest === undefined)(
    'is the widest native ones, unless ESPALIER_KERNELS says otherwise',
    async () => {
      expect(await load('auto')).toBe(widest);
      expect(await load('native')).toBe(widest);
      expect(await load('wasm')).toBe('wasm');
      for (const name of NATIVE) expect(await load(name)).toBe(name);
    },
  );

  it.each(['NATIVE', 'native-64', 'sse', 'wasm '])('refuses %j', async choice => {
    await expect(load(choice)).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: `ESPALIER_KERNELS: found "${choice}", expected auto, wasm, native, native-128, native-256 or native-512`,
    });
  });

  it('refuses a width that the machine lacks', async () => {
    const missing = ['native-128', 'native-256', 'native-512'].filter(name => !NATIVE.includes(name));
    for (const name of missing)
      await expect(load(name)).rejects.toThrow(new RegExp(`^ESPALIER_KERNELS: ${name} is not there: `));
  });
});
