/** Types of the part of the WebAssembly API that the engine uses; the type definitions of Node 20 lack them. */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Compiled code, not yet bound to a memory. */
export type WasmModule = object;

interface Api {
  readonly compile: (bytes: Uint8Array) => Promise<WasmModule>;
  readonly Memory: new (size: { initial: number }) => WasmMemory;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
}

export const { compile, Memory, Instance } = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;
