import { createWasmEngine } from '../../src/engine/wasm/index.js';
import { FLOAT32 } from '../support/engines.js';
import { engineConformance } from './conformance.js';

engineConformance('wasm', createWasmEngine, FLOAT32);
