import { createWasmEngine } from '../../src/engine/wasm/index.js';
import { FLOAT32 } from '../support/engines.js';
import { engineConformance } from './conformance.js';
import { NATIVE } from './kernels/built.js';

for (const kernels of ['wasm', ...NATIVE.slice(-1)])
  engineConformance(`wasm on ${kernels} kernels`, () => createWasmEngine({ kernels }), FLOAT32);
