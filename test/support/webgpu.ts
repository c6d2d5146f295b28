/** The engine `webgpu` where this machine can run it: on its GPU, else on the SwiftShader that Chromium brings. */
import { existsSync } from 'node:fs';
import type { Engine } from '../../src/engine/engine.js';
import { createWebgpuEngine } from '../../src/engine/webgpu/index.js';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Variables with which a process finds an adapter. */
export const WEBGPU_ENVIRONMENT: Readonly<Record<string, string>> =
  process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES || !existsSync(SWIFTSHADER)
    ? {}
    : { VK_ICD_FILENAMES: SWIFTSHADER };

Object.assign(process.env, WEBGPU_ENVIRONMENT);

/** An engine, or why there is none. */
export function tryWebgpu(): Engine | Error {
  try {
    return createWebgpuEngine();
  } catch (error) {
    return error as Error;
  }
}
