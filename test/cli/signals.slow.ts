/** The signals of schedulers that signals.test.ts leaves out. */
import { afterAll, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { expectStopped } from './stopped-by-signal.js';

const work = new Workplace();
afterAll(() => work.remove());

it.each(['SIGUSR2', 'SIGXCPU'] as const)('a run is stopped by %s, and goes on', name =>
  expectStopped(work, name),
);
