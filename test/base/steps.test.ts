import { expect, it } from 'vitest';
import { atOnce, inTurns, type Steps } from '../../src/base/steps.js';

/** Ends once the event loop has turned, or after a billion steps. */
function* untilTurned(): Steps<boolean> {
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  for (let i = 0; i < 1e9 && !turned; i++) yield;
  return turned;
}

function* sum(values: readonly number[]): Steps<number> {
  let total = 0;
  for (const value of values) {
    yield;
    total += value;
  }
  return total;
}

it('a long computation in turns lets the event loop turn', async () => {
  expect(await inTurns(untilTurned())).toBe(true);
});

it('the result is the same at once and in turns', async () => {
  const values = [0.1, 0.2, 0.3];
  expect(atOnce(sum(values))).toBe(0.1 + 0.2 + 0.3);
  expect(await inTurns(sum(values))).toBe(atOnce(sum(values)));
});

it('an error reaches the caller', async () => {
  // biome-ignore lint/correctness/useYield: it throws first.
  const failing = function* (): Steps<never> {
    throw new Error('no');
  };
  expect(() => atOnce(failing())).toThrow('no');
  await expect(inTurns(failing())).rejects.toThrow('no');
});
