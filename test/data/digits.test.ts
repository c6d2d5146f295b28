import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DIGITS_PIXELS, DIGITS_VERSION, type DigitsSplit, drawDigit } from '../../src/data/digits.js';

function draw(seed: number, split: DigitsSplit, from: number, to: number) {
  const images = new Uint8Array((to - from) * DIGITS_PIXELS);
  const labels = new Uint8Array(to - from);
  for (let i = from; i < to; i++) {
    labels[i - from] = drawDigit(seed, split, i, images, (i - from) * DIGITS_PIXELS);
  }
  return { images, labels };
}

const sha256 = (...parts: Uint8Array[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

describe('generated digits', () => {
  test('the first images of seed 0 are pinned for this version', () => {
    const pool = draw(0, 'pool', 0, 500);
    const held = draw(0, 'test', 0, 500);
    expect(DIGITS_VERSION).toBe('digits-v1');
    expect([...pool.labels.subarray(0, 10)]).toEqual([2, 4, 7, 9, 2, 4, 8, 0, 2, 5]);
    expect(sha256(pool.images, pool.labels)).toBe(
      'ec37dade23563f5d1e9ba871854b299f56b89245860cda3f5bcd4bc68407f976',
    );
    expect(sha256(held.images, held.labels)).toBe(
      '5fd77879dfc851b9139b5605a7e2e2753786fd6e197a80f62aa9c59b15322503',
    );
  });

  test('an image does not depend on the range that it is drawn in', () => {
    const alone = draw(0, 'pool', 37, 38);
    const { images, labels } = draw(0, 'pool', 30, 40);
    expect(alone.labels[0]).toBe(labels[7]);
    expect(alone.images).toEqual(images.slice(7 * DIGITS_PIXELS, 8 * DIGITS_PIXELS));
    expect(draw(0, 'pool', 7_654_321, 7_654_322).images.some(byte => byte > 200)).toBe(true);
  });

  test('drawing writes every byte of the image and no other', () => {
    const out = new Uint8Array(3 * DIGITS_PIXELS).fill(77);
    drawDigit(0, 'pool', 5, out, DIGITS_PIXELS);
    expect(out.subarray(0, DIGITS_PIXELS).every(byte => byte === 77)).toBe(true);
    expect(out.subarray(2 * DIGITS_PIXELS).every(byte => byte === 77)).toBe(true);
    expect(out.slice(DIGITS_PIXELS, 2 * DIGITS_PIXELS)).toEqual(draw(0, 'pool', 5, 6).images);
  });

  test('pool, test set and other seeds have no image in common', () => {
    const seen = new Set<string>();
    const sets = [draw(0, 'pool', 0, 1000), draw(0, 'test', 0, 1000), draw(1, 'pool', 0, 1000)];
    for (const { images } of sets) {
      for (let i = 0; i < 1000; i++) {
        seen.add(Buffer.from(images.subarray(i * DIGITS_PIXELS, (i + 1) * DIGITS_PIXELS)).toString('latin1'));
      }
    }
    expect(seen.size).toBe(3000);
  });

  test('labels are balanced, and independent of the index and of the neighbour', () => {
    const { labels } = draw(3, 'pool', 0, 10_000);
    const chiSquared = (pairs: (i: number) => number, cells: number, count: number) => {
      const counts = new Float64Array(cells);
      for (let i = 0; i < count; i++) counts[pairs(i)]!++;
      return counts.reduce((sum, n) => sum + (n - count / cells) ** 2 / (count / cells), 0);
    };
    // 99.99% quantiles of chi-squared with 9 and with 99 degrees of freedom.
    expect(chiSquared(i => labels[i]!, 10, 10_000)).toBeLessThan(33.8);
    expect(chiSquared(i => 10 * labels[i]! + labels[i + 1]!, 100, 9999)).toBeLessThan(161.4);
    expect(chiSquared(i => 10 * labels[i]! + (i % 10), 100, 10_000)).toBeLessThan(161.4);
  });

  test('images are about as sparse as MNIST, and every digit is fully inked and on the paper', () => {
    const { images, labels } = draw(0, 'pool', 0, 2000);
    const share = images.reduce((count, byte) => count + (byte > 0 ? 1 : 0), 0) / images.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
    for (let i = 0; i < labels.length; i++) {
      const image = images.subarray(i * DIGITS_PIXELS, (i + 1) * DIGITS_PIXELS);
      expect(Math.max(...image)).toBeGreaterThan(150);
      expect(image.reduce((count, byte) => count + (byte > 0 ? 1 : 0), 0)).toBeGreaterThan(25);
    }
  });

  test('digit >= 5 is not linear: a linear classifier trained on 20,000 images stays far below 92%', () => {
    const pool = draw(0, 'pool', 0, 20_000);
    const held = draw(0, 'test', 0, 5000);
    const weights = new Float64Array(DIGITS_PIXELS + 1);
    const output = (images: Uint8Array, i: number) => {
      let sum = weights[DIGITS_PIXELS]!;
      for (let p = 0; p < DIGITS_PIXELS; p++) sum += weights[p]! * images[i * DIGITS_PIXELS + p]!;
      return sum;
    };
    // Logistic regression on bytes by stochastic gradient descent, with a rate that falls to 0.
    const rate = 0.02 / 255 ** 2;
    const epochs = 3;
    for (let step = 0; step < epochs * 20_000; step++) {
      const i = step % 20_000;
      const y = pool.labels[i]! >= 5 ? 1 : -1;
      const move = (rate * (1 - step / (epochs * 20_000)) * y) / (1 + Math.exp(y * output(pool.images, i)));
      for (let p = 0; p < DIGITS_PIXELS; p++) {
        weights[p]! += move * pool.images[i * DIGITS_PIXELS + p]!;
      }
      weights[DIGITS_PIXELS]! += 255 ** 2 * move;
    }
    let right = 0;
    for (let i = 0; i < 5000; i++) if (output(held.images, i) > 0 === held.labels[i]! >= 5) right++;
    expect(right / 5000).toBeGreaterThan(0.65);
    expect(right / 5000).toBeLessThan(0.8);
  });
});
