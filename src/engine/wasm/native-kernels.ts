/**
 * The native twins of the hot kernels: an optional addon, built from ../native when the package is installed, that works
 * on the WebAssembly memories themselves. It changes the time of a computation, and nothing else.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { EngineUnavailableError } from '../../base/errors.js';
import { NATIVE_KERNELS_FILE } from '../../base/paths.js';
import { bytesWritten, kernelCall, NATIVE_NAMES, type NativeName } from './kernel-twins.js';
import { ACTIVATION_KIND, type Kernels } from './kernels.js';

/** Widths of registers in bits. */
export type Bits = 128 | 256 | 512;

interface Addon {
  /** Those that this machine and this build have, ascending. */
  widths(): Bits[];
  /** The kernels, bound to the memory of this buffer. They must not be called once it has grown. */
  bind(buffer: ArrayBuffer, bits: Bits): Pick<Kernels, NativeName>;
}

/** Which kernels an engine runs on. */
export interface KernelChoice {
  /** `wasm`, `native-128`, `native-256` or `native-512`. */
  readonly name: string;
  /** Why the native ones that are there do not run; null if there is nothing to say. */
  readonly warning: string | null;
  /** The kernels of a memory. */
  bind(wasm: Kernels, buffer: ArrayBuffer): Kernels;
}

const ON_WASM: KernelChoice = { name: 'wasm', warning: null, bind: wasm => wasm };
const CHOICES = /^(?:auto|wasm|native(?:-(?:128|256|512))?)$/;

/** Makes a memory of at least so many bytes, with the kernels in WebAssembly. */
type WasmOn = (bytes: number) => { readonly kernels: Kernels; readonly buffer: ArrayBuffer };

/**
 * The kernels that ESPALIER_KERNELS asks for: `auto` (the widest native ones, else WebAssembly), `wasm`, `native` (the
 * widest), or `native-128`, `native-256`, `native-512`.
 *
 * @throws EngineUnavailableError (ENGINE_UNAVAILABLE) where it asks for what is not there, or is none of these.
 */
export function chooseKernels(wasmOn: WasmOn, wanted = process.env.ESPALIER_KERNELS || 'auto'): KernelChoice {
  if (!CHOICES.test(wanted)) {
    throw new EngineUnavailableError(
      `ESPALIER_KERNELS: found "${wanted}", expected auto, wasm, native, native-128, native-256 or native-512`,
    );
  }
  if (wanted === 'wasm') return ON_WASM;
  const { addon, reason } = loadAddon();
  const widths = addon?.widths() ?? [];
  const bits = wanted.startsWith('native-')
    ? widths.find(each => `native-${each}` === wanted)
    : widths.at(-1);
  if (!addon || bits === undefined) {
    if (wanted === 'auto') return { ...ON_WASM, warning: addon ? null : reason };
    const why = addon
      ? `this machine has ${widths.map(each => `native-${each}`).join(', ')}`
      : (reason ?? 'no native kernels are built (`npm run build:native` says why)');
    throw new EngineUnavailableError(`ESPALIER_KERNELS: ${wanted} is not there: ${why}`);
  }
  const native: KernelChoice = {
    name: `native-${bits}`,
    warning: null,
    bind: (wasm, buffer) => ({ ...wasm, ...onlyRelu(wasm, addon.bind(buffer, bits)) }),
  };
  const differing = differingKernels(wasmOn, native);
  if (differing.length === 0) return native;
  const warning =
    `the native kernels give other bits than WebAssembly here (${differing.join(', ')}): they are not used; ` +
    'ESPALIER_KERNELS=wasm silences this';
  return { ...ON_WASM, warning };
}

/** The twins of kernels that are told an activation know relu alone. */
function onlyRelu(wasm: Kernels, native: Pick<Kernels, NativeName>): Pick<Kernels, NativeName> {
  const of = (kind: number) => (kind === ACTIVATION_KIND.relu ? native : wasm);
  return {
    ...native,
    addOutputs: (kind, ...rest) => of(kind).addOutputs(kind, ...rest),
    deltas: (kind, ...rest) => of(kind).deltas(kind, ...rest),
    activate: (kind, ...rest) => of(kind).activate(kind, ...rest),
  };
}

/** The addon, or why it does not load; both null where it is not built. */
function loadAddon(): { addon: Addon | null; reason: string | null } {
  if (!existsSync(NATIVE_KERNELS_FILE)) return { addon: null, reason: null };
  try {
    return { addon: createRequire(import.meta.url)(NATIVE_KERNELS_FILE) as Addon, reason: null };
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    return {
      addon: null,
      reason: `the native kernels do not load (${line}): \`npm run build:native\` builds them`,
    };
  }
}

const SELF_TEST = { rows: 70, columns: 21, share: 0.4, momentum: 0.9, decay: 0.01 };

/** The kernels whose native twins give other bits on one small random call. */
function differingKernels(wasmOn: WasmOn, native: KernelChoice): NativeName[] {
  const calls = NATIVE_NAMES.map(name => kernelCall(name, SELF_TEST, 0));
  const { kernels, buffer } = wasmOn(Math.max(...calls.map(({ memory }) => memory.length)));
  const twins = native.bind(kernels, buffer);
  const differing = calls.filter(call => {
    const [expected, actual] = [bytesWritten(call, kernels, buffer), bytesWritten(call, twins, buffer)];
    return expected.some((bytes, i) => Buffer.compare(bytes, actual[i]!) !== 0);
  });
  return differing.map(({ name }) => name);
}
