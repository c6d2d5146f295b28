import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlGroupLimit, memoryBudget } from '../../src/base/memory.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'espalier-cgroup-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function limit(files: Record<string, string>): number {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return controlGroupLimit(root);
}

describe('the limit of control groups', () => {
  it('version 2: is the lowest limit up to the root; max is no limit', () => {
    const at = 'sys/fs/cgroup/user.slice';
    expect(
      limit({
        'proc/self/cgroup': '0::/user.slice/run-1.scope\n',
        [`${at}/run-1.scope/memory.max`]: 'max\n',
        [`${at}/run-1.scope/memory.high`]: '6000000000\n',
        [`${at}/memory.max`]: '4000000000\n',
      }),
    ).toBe(4e9);
  });

  it('version 2: is the limit of the root in a container', () => {
    expect(limit({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': '512000000\n' })).toBe(512e6);
  });

  it('version 1: is the limit of the own group, or of the mounted one if a container hides it', () => {
    const groups = '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n';
    const mount = 'sys/fs/cgroup/memory';
    expect(limit({ 'proc/self/cgroup': groups, [`${mount}/memory.limit_in_bytes`]: '2000000000\n' })).toBe(
      2e9,
    );
    expect(limit({ [`${mount}/docker/abc/memory.limit_in_bytes`]: '1000000000\n' })).toBe(1e9);
  });

  it('is Infinity where there is none', () => {
    expect(controlGroupLimit(root)).toBe(Infinity);
    expect(limit({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': 'max\n' })).toBe(Infinity);
    expect(limit({ 'proc/self/cgroup': 'nonsense\n' })).toBe(Infinity);
  });
});

it('the budget is at most the memory of the machine', () => {
  expect(memoryBudget()).toBeGreaterThan(0);
  expect(memoryBudget()).toBeLessThanOrEqual(totalmem());
});
