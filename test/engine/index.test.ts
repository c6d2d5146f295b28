import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engine/index.js';
import { NUMERICS } from '../../src/engine/numerics.js';

describe('createEngine', () => {
  it.each(['reference', 'wasm', 'noop'] as const)('%s has its name and its numerics', async name => {
    const engine = await createEngine(name);
    expect(engine.name).toBe(name);
    expect(engine.numerics).toBe(NUMERICS[name]);
  });
});
