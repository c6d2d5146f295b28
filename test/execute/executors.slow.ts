/** The executors once more, with the readable engine; executors.test.ts runs them with the fast one. */
import { createInlineExecutor } from '../../src/execute/inline.js';
import { createPoolExecutor } from '../../src/execute/pool.js';
import { tinyDatasets } from '../support/tiny.js';
import { executorConformance } from './conformance.js';

const datasets = tinyDatasets;
executorConformance('inline', 'reference', engine => createInlineExecutor({ engine, datasets }));
executorConformance('pool of three', 'reference', engine =>
  createPoolExecutor({ engine, datasets, threads: 3 }),
);
