import { afterEach, describe, expect, it } from 'vitest';
import { nodeVersion, provenance } from '../../src/base/provenance.js';

const given = process.execArgv;
afterEach(() => {
  process.execArgv = given;
});

describe('where an attempt ran', () => {
  it('includes the WebAssembly flags of Node, and no other flags', () => {
    process.execArgv = ['--enable-source-maps'];
    expect(nodeVersion()).toBe(process.version);
    process.execArgv = ['--import', './private.mjs', '--experimental-wasm-revectorize'];
    expect(provenance(2)).toMatchObject({
      nodeVersion: `${process.version} --experimental-wasm-revectorize`,
      threads: 2,
    });
  });
});
