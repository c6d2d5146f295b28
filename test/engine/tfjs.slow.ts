/** The tfjs engine on its faster backends; tfjs.test.ts has the one that is everywhere. */

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { createTfjsEngine } from '../../src/engine/tfjs/index.js';
import { FLOAT32 } from '../support/engines.js';
import { engineConformance } from './conformance.js';

tf.enableProdMode();
setWasmPaths(`${import.meta.dirname}/../../node_modules/@tensorflow/tfjs-backend-wasm/dist/`);

const trouble = await createTfjsEngine().then(
  () => null,
  (error: Error) => error,
);
if (trouble === null) {
  engineConformance('tfjs on native code', () => createTfjsEngine({ backend: 'tensorflow' }), FLOAT32);
} else {
  console.log(`skipped: tfjs on native code (${trouble.message})`);
  it.skip('tfjs on native code', () => {});
}
engineConformance('tfjs on wasm', () => createTfjsEngine({ tf, backend: 'wasm' }), FLOAT32);
