import { createInlineExecutor } from '../../src/execute/inline.js';
import { createPoolExecutor } from '../../src/execute/pool.js';
import { tinyDatasets } from '../support/tiny.js';
import { executorConformance } from './conformance.js';

const datasets = tinyDatasets;
executorConformance('inline', 'wasm', engine => createInlineExecutor({ engine, datasets }));
executorConformance('pool of one', 'wasm', engine => createPoolExecutor({ engine, datasets, threads: 1 }));
executorConformance('pool of three', 'wasm', engine => createPoolExecutor({ engine, datasets, threads: 3 }));
