/** A WGSL kernel with the names of its parameters and buffers, from which its declarations are written. */

export type ParamType = 'u32' | 'f32';

export interface Kernel<P extends string = string, B extends string = string> {
  readonly name: string;
  readonly wgsl: string;
  readonly params: readonly (readonly [P, ParamType])[];
  readonly buffers: readonly B[];
  readonly writes: readonly boolean[];
}

/**
 * @param params read in the code as `params.name`; at most 64 words
 * @param buffers `read TYPE` or `write TYPE`, read in the code by their names
 * @param code functions of maths.ts first where it needs them; its entry is `main`
 */
export function defineKernel<P extends string, B extends string>(definition: {
  readonly name: string;
  readonly params: Readonly<Record<P, ParamType>>;
  readonly buffers: Readonly<Record<B, `${'read' | 'write'} ${string}`>>;
  readonly code: string;
}): Kernel<P, B> {
  const params = Object.entries(definition.params) as [P, ParamType][];
  const buffers = Object.entries(definition.buffers) as [B, string][];
  const declarations = buffers.map(([name, declared], i) => {
    const [access, ...type] = declared.split(' ');
    const mode = access === 'write' ? 'read_write' : 'read';
    return `@group(0) @binding(${i + 1}) var<storage, ${mode}> ${name}: ${type.join(' ')};`;
  });
  const fields = params.map(([name, type]) => `${name}: ${type}`).join(', ');
  return {
    name: definition.name,
    wgsl: [
      `struct Params { ${fields} }`,
      '@group(0) @binding(0) var<uniform> params: Params;',
      ...declarations,
      definition.code,
    ].join('\n'),
    params,
    buffers: buffers.map(([name]) => name),
    writes: buffers.map(([, declared]) => declared.startsWith('write')),
  };
}

/** A function of its arguments that computes each result once. */
export function memoized<K extends string, T>(make: (key: K) => T): (key: K) => T {
  const made = new Map<K, T>();
  return key => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}
