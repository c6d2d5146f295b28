import { expect, it } from 'vitest';
import { bitCount } from '../../src/math/bits.js';

it('counts bits', () => {
  for (const bits of [0, 1, -1, 0x80000000, 0x12345678, 0xffff])
    expect(bitCount(bits)).toBe(
      (bits >>> 0)
        .toString(2)
        .split('')
        .filter(bit => bit === '1').length,
    );
});
