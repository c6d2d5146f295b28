/** The webgpu engine on the whole contract; webgpu.test.ts has a small part. */
import { it } from 'vitest';
import { createWebgpuEngine } from '../../src/engine/webgpu/index.js';
import { FLOAT32 } from '../support/engines.js';
import { tryWebgpu } from '../support/webgpu.js';
import { engineConformance } from './conformance.js';

const tried = tryWebgpu();
if (tried instanceof Error) {
  console.log(`skipped: webgpu (${tried.message})`);
  it.skip('webgpu', () => {});
} else {
  engineConformance(`webgpu on ${tried.kernels}`, createWebgpuEngine, FLOAT32);
}
