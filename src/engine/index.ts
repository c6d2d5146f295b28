import { EngineUnavailableError } from '../base/errors.js';
import type { EngineName } from '../domain/types.js';
import type { Engine } from './engine.js';

/**
 * Loads one engine and no other.
 *
 * @example
 * const engine = await createEngine('reference');
 * const network = engine.open(problem); // see Problem for shapes and units
 *
 * @throws EngineUnavailableError (ENGINE_UNAVAILABLE) if it is not installed
 */
export async function createEngine(name: EngineName): Promise<Engine> {
  switch (name) {
    case 'reference':
      return (await import('./reference/index.js')).createReferenceEngine();
    case 'wasm':
      return (await import('./wasm/index.js')).createWasmEngine();
    case 'tfjs':
      return (await import('./tfjs/index.js')).createTfjsEngine();
    case 'webgpu':
      return (await import('./webgpu/index.js')).createWebgpuEngine();
    case 'noop':
      return (await import('./noop/index.js')).createNoopEngine();
    case 'simulated':
      throw new EngineUnavailableError(
        'simulated trajectories were drawn from a law by `espalier design --write`: there is no network to train',
      );
    default:
      throw new EngineUnavailableError(
        `engine "${name}" is part of a program that uses espalier as a library: that program has to pass it`,
      );
  }
}
