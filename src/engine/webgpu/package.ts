/// <reference types="@webgpu/types" />
/** Loads the package `webgpu` and finds an adapter. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { firstLine } from '../../base/first-line.js';

const PACKAGE = 'webgpu';
/** Environment variable with a part of the adapter's name, for machines with several. */
const ADAPTER_VARIABLE = 'ESPALIER_WEBGPU_ADAPTER';

/** The native interface of each platform: the only one that is asked, so that its name can be recorded. */
const BACKEND: Readonly<Partial<Record<string, string>>> = { darwin: 'metal', win32: 'd3d12' };
export const backendName = (): string => BACKEND[process.platform] ?? 'vulkan';

/**
 * Dawn's guards for kernels of strangers. These write a workgroup's memory before they read it, and stay within their
 * buffers; the first guard makes a driver compile a kernel in seconds instead of tens of milliseconds.
 */
const DISABLED_GUARDS = 'enable-dawn-features=disable_workgroup_init,disable_robustness';

interface WebGpuPackage {
  create(options: string[]): GPU;
  readonly globals: object;
}

/** The package's entry, with its globals installed. @throws Error whose message is one line with its remedy */
export async function loadGpu(): Promise<GPU> {
  let loaded: WebGpuPackage;
  try {
    loaded = await import('webgpu');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && firstLine(error).includes(`'${PACKAGE}'`);
    const trouble = isMissing ? 'is not installed' : `does not load: ${firstLine(error)}`;
    throw new Error(`the package ${PACKAGE} ${trouble}; run npm install ${PACKAGE}`);
  }
  Object.assign(globalThis, loaded.globals);
  const adapter = process.env[ADAPTER_VARIABLE];
  return loaded.create([
    DISABLED_GUARDS,
    `backend=${backendName()}`,
    ...(adapter ? [`adapter=${adapter}`] : []),
  ]);
}

/** @throws Error whose message is one line with its remedy */
export async function findAdapter(gpu: GPU): Promise<GPUAdapter> {
  // Without a driver, Vulkan's loader and Dawn write lines of their own to stderr.
  const wrong = wrongDriverFile();
  if (wrong) throw new Error(`no adapter was found; ${wrong}`);
  let adapter: GPUAdapter | null = null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch (error) {
    throw new Error(`no adapter was found: ${firstLine(error)}; ${missingParts()}`);
  }
  if (!adapter) throw new Error(`no adapter was found; ${missingParts()}`);
  return adapter;
}

const LOADER = 'libvulkan.so.1';
const LIBRARY_FOLDERS = ['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/local/lib64'];
const DRIVER_FOLDERS = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];

/** What the machine lacks, with its remedy. Only Vulkan has parts that can be missing. */
export function missingParts(platform = process.platform, env = process.env): string {
  const adapter = env[ADAPTER_VARIABLE];
  if (adapter)
    return `${ADAPTER_VARIABLE} asks for one named ${JSON.stringify(adapter)}: correct or unset it`;
  if (platform !== 'linux') return 'install the driver of the GPU';
  const folders = [...(env.LD_LIBRARY_PATH?.split(':').filter(Boolean) ?? []), ...LIBRARY_FOLDERS];
  const hasLoader = folders.some(
    folder =>
      existsSync(join(folder, LOADER)) ||
      entries(folder).some(inner => existsSync(join(folder, inner, LOADER))),
  );
  if (!hasLoader) return `install the Vulkan loader, ${LOADER} (Debian, Ubuntu: apt-get install libvulkan1)`;
  const wrong = wrongDriverFile(platform, env);
  if (wrong) return wrong;
  const named = env.VK_DRIVER_FILES || env.VK_ICD_FILENAMES;
  const home = join(homedir(), '.local/share/vulkan/icd.d');
  if (!named && [...DRIVER_FOLDERS, home].every(folder => entries(folder).length === 0))
    return 'install the Vulkan driver of the GPU, or name its file (*_icd.json) in VK_DRIVER_FILES';
  return 'the Vulkan driver is there, but too old or without a GPU (try vulkaninfo --summary)';
}

/** Which driver file is named, but not there, if none of those named is; null otherwise. */
function wrongDriverFile(platform = process.platform, env = process.env): string | null {
  const variable = env.VK_DRIVER_FILES ? 'VK_DRIVER_FILES' : 'VK_ICD_FILENAMES';
  const named = (env[variable] ?? '').split(':').filter(Boolean);
  if (platform !== 'linux' || named.length === 0 || named.some(file => existsSync(file))) return null;
  return `the Vulkan driver file ${named[0]} does not exist: correct ${variable}`;
}

/** Multiarch folders such as x86_64-linux-gnu, or driver files. */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => name.endsWith('.json') || name.includes('-linux-'));
  } catch {
    return [];
  }
}
