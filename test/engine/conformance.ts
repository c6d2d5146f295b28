import { beforeAll, describe } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import type { Tolerances } from '../support/engines.js';
import { faults } from './conformance/faults.js';
import { gradients } from './conformance/gradients.js';
import { lifecycle } from './conformance/lifecycle.js';
import { outputs } from './conformance/outputs.js';
import { sampledSelection } from './conformance/sampled-selection.js';
import { selection } from './conformance/selection.js';
import type { Subject } from './conformance/subject.js';
import { ties } from './conformance/ties.js';
import { training } from './conformance/training.js';

/** Tests an engine against the whole contract: `src/engine/engine.ts` and science.md. */
export function engineConformance(
  name: string,
  create: () => Engine | Promise<Engine>,
  tolerances: Tolerances,
  { large = true } = {},
): void {
  describe(`engine ${name}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await create();
    });
    const subject: Subject = { engine: () => engine, create, tolerances, large };
    describe('gradients', () => gradients(subject));
    describe('training', () => training(subject));
    describe('outputs', () => outputs(subject));
    describe('selection', () => selection(subject));
    describe('selection on samples', () => sampledSelection(subject));
    describe('ties', () => ties(subject));
    describe('lifecycle', () => lifecycle(subject));
    describe('faults', () => faults(subject));
  });
}
