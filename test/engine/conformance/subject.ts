/** The engine under test, and networks of it. */
import { expect } from 'vitest';
import type { Engine, Network, NetworkState, Problem } from '../../../src/engine/engine.js';
import type { Tolerances } from '../../support/engines.js';

/** An engine under test. `engine` may be called only inside a test. */
export interface Subject {
  readonly engine: () => Engine;
  readonly create: () => Engine | Promise<Engine>;
  readonly tolerances: Tolerances;
  /** False leaves out tests that take a slow engine many seconds. */
  readonly large: boolean;
}

/** Opens a network, passes it to `use`, and always closes it. */
export function withNetwork<T>(engine: Engine, problem: Problem, use: (network: Network) => T): T {
  const network = engine.open(problem);
  try {
    return use(network);
  } finally {
    network.close();
  }
}

/** Steps that `trained` takes. */
export const STEPS = 10;

/** The state of a new network after STEPS steps in one call. */
export function trained(engine: Engine, problem: Problem, batches: Int32Array): NetworkState {
  return withNetwork(engine, problem, network => {
    network.train(batches, STEPS);
    return network.state();
  });
}

export function expectSameBits(actual: NetworkState, expected: NetworkState): void {
  for (const part of ['weights', 'signs', 'weightVelocity', 'signVelocity'] as const) {
    const [a, b] = [actual[part], expected[part]];
    if (a === null || b === null) {
      expect(a, part).toBe(b);
      continue;
    }
    expect(a.constructor).toBe(b.constructor);
    const bytes = (array: NonNullable<typeof a>) =>
      Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    expect(Buffer.compare(bytes(a), bytes(b)), part).toBe(0);
  }
}
