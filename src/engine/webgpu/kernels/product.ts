/**
 * The body of a matrix product C = A^T B in tiles of 64 x 64, for workgroups of 8 x 8 threads with 8 x 8 values each in
 * registers. A slab of 32 x 64 of both factors is in the workgroup's memory, which is all that WebGPU grants.
 *
 * A is depth x rows / 4, B is depth x columns / 4, in vec4. A tile has its rows at group.y and its columns at group.x.
 */
const SLAB = 32;
const SIDE = 8;
const EACH = Array.from({ length: SIDE }, (_, r) => r);

/** Declares what `tileProduct` uses, outside of `main`. */
export const TILE_MEMORY = `
var<workgroup> slabA: array<vec4f, ${SLAB * 16}>;
var<workgroup> slabB: array<vec4f, ${SLAB * 16}>;
`;

/** Loops over the thread's values after `tileProduct`. @param code uses `value`, its row `r` of 8 and its `side` of 2 */
export const forEachQuad = (code: string): string => `
  for (var i = 0u; i < ${2 * SIDE}u; i++) {
    let r = i / 2u;
    let side = i % 2u;
    let place = r * ${SIDE * SIDE}u + index;
    var value = slabA[place];
    if (side == 1u) { value = slabB[place]; }
    ${code}
  }`;

/** The head of `main`: `t` is the thread's place in the tile. */
export const TILE_MAIN = `
@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) t: vec3u,
    @builtin(local_invocation_index) index: u32) {`;

/**
 * The product; `forEachQuad` then sees it, in row group.y * 64 + t.y * 8 + r and columns from
 * group.x * 64 + t.x * 8 + 4 side on. It is kept in the workgroup's memory, each thread its own, so that what follows is
 * compiled once instead of 16 times.
 *
 * @param depth a multiple of 32
 * @param a expression for quad `quad` of row `k` of A, with group.y; likewise b with group.x
 */
export const tileProduct = ({ depth, a, b }: { depth: string; a: string; b: string }): string => `
  ${EACH.map(r => `var left${r} = vec4f(); var right${r} = vec4f();`).join('\n  ')}
  for (var base = 0u; base < ${depth}; base += ${SLAB}u) {
    for (var at = index; at < ${SLAB * 16}u; at += ${SIDE * SIDE}u) {
      let k = base + at / 16u;
      let quad = at % 16u;
      slabA[at] = ${a};
      slabB[at] = ${b};
    }
    workgroupBarrier();
    for (var i = 0u; i < ${SLAB * 16}u; i += 16u) {
      let a0 = slabA[i + 2u * t.y]; let a1 = slabA[i + 2u * t.y + 1u];
      let b0 = slabB[i + 2u * t.x]; let b1 = slabB[i + 2u * t.x + 1u];
      ${EACH.map(r => {
        const factor = `a${r < 4 ? 0 : 1}.${'xyzw'[r % 4]}`;
        return `left${r} += ${factor} * b0; right${r} += ${factor} * b1;`;
      }).join('\n      ')}
    }
    workgroupBarrier();
  }
  ${EACH.map(r => `slabA[${r * SIDE * SIDE}u + index] = left${r}; slabB[${r * SIDE * SIDE}u + index] = right${r};`).join('\n  ')}`;
