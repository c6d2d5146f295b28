import { describe, expect, it } from 'vitest';
import { canonicalJson, identityWith, trajectoryId } from '../../src/domain/identity.js';
import { completeConfig, LATER_SETTINGS } from '../../src/domain/later-settings.js';
import type { TrajectoryConfig } from '../../src/domain/types.js';

const CONFIG: TrajectoryConfig = {
  dataset: {
    name: 'digits',
    positive: [5, 6, 7, 8, 9],
    content: 'digits-1',
    seed: 0,
    pool: 60000,
    test: 10000,
  },
  datasetSize: 1000,
  width: 2000,
  seed: 3,
  network: { activation: 'relu', scaling: 'mean-field', bias: false, initScale: 1, symmetricInit: false },
  inputs: { scaling: 'raw' },
  train: {
    loss: 'squared',
    batchSize: 128,
    learningRate: 0.1,
    momentum: 0,
    weightDecay: 0,
    layers: 'first',
  },
  engine: 'wasm',
  numerics: 1,
};

describe('canonical JSON', () => {
  it('sorts keys, leaves out what is absent, and keeps the order of lists', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: null, c: undefined, B: 'x' } })).toBe(
      '{"a":{"B":"x","d":null},"b":[2,1]}',
    );
    expect(canonicalJson([0.1, 1e21, -0, 1e-7, true, 'ä"'])).toBe('[0.1,1e+21,0,1e-7,true,"ä\\""]');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 0])('has no form for %s', value => {
    expect(() => canonicalJson({ nested: [value] })).toThrow(TypeError);
  });
});

describe('the id of a trajectory', () => {
  // Stored results are found by this id. If it changes, every database out there is computed anew: raise `numerics`
  // instead where results change.
  it('is pinned', () => {
    expect(trajectoryId(CONFIG)).toBe('18d1c08e6ea886fa');
  });

  it('does not depend on the order of keys', () => {
    const reversed = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([k, v]) => [k, reversed(v)]),
          )
        : value;
    const other = reversed(CONFIG) as TrajectoryConfig;
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(CONFIG));
    expect(trajectoryId(other)).toBe(trajectoryId(CONFIG));
  });

  it('depends on every value', () => {
    const changes: Record<string, unknown> = {
      'dataset.name': 'mnist',
      'dataset.positive': [5, 6, 7, 8],
      'dataset.content': 'digits-2',
      'dataset.seed': 1,
      'dataset.pool': 60001,
      'dataset.test': 10001,
      datasetSize: 1001,
      width: 2001,
      seed: 4,
      'network.activation': 'tanh',
      'network.scaling': 'ntk',
      'network.bias': true,
      'network.initScale': 2,
      'network.symmetricInit': true,
      'inputs.scaling': 'unit',
      'train.loss': 'logistic',
      'train.batchSize': 'full',
      'train.learningRate': 0.2,
      'train.momentum': 0.9,
      'train.weightDecay': 0.001,
      'train.layers': 'both',
      engine: 'reference',
      numerics: 2,
    };
    const leaves = Object.entries(CONFIG).flatMap(([group, value]) =>
      typeof value === 'object' ? Object.keys(value).map(key => `${group}.${key}`) : [group],
    );
    expect(Object.keys(changes).sort()).toEqual(leaves.sort());

    const ids = Object.entries(changes).map(([path, value]) => {
      const [group, key] = path.split('.') as [keyof TrajectoryConfig, string?];
      const changed = key === undefined ? value : { ...(CONFIG[group] as object), [key]: value };
      return trajectoryId({ ...CONFIG, [group]: changed });
    });
    expect(new Set([trajectoryId(CONFIG), ...ids]).size).toBe(leaves.length + 1);
  });
});

describe('a setting that is added later', () => {
  const later = new Map<string, unknown>([
    ['train.madeUp', { at: null }],
    ['newGroup.flag', false],
    ['precision', 'single'],
  ]);
  const idOf = identityWith(later);
  const withSettings = (clip: unknown, precision?: unknown) =>
    ({ ...CONFIG, train: { ...CONFIG.train, madeUp: clip }, precision }) as unknown as TrajectoryConfig;

  it('changes no id at the default that it was added with', () => {
    expect(idOf(CONFIG)).toBe('18d1c08e6ea886fa');
    expect(idOf(withSettings({ at: null }))).toBe('18d1c08e6ea886fa');
    expect(idOf(withSettings({ at: null }, 'single'))).toBe('18d1c08e6ea886fa');
    const grouped = { ...CONFIG, newGroup: { flag: false } } as unknown as TrajectoryConfig;
    expect(idOf(grouped)).toBe('18d1c08e6ea886fa');
    const frozen = Object.freeze({ ...CONFIG.train, madeUp: { at: null } });
    const both = [1, 2].map(seed => ({ ...CONFIG, seed, train: frozen }) as TrajectoryConfig);
    expect(both.map(idOf)).toEqual([1, 2].map(seed => trajectoryId({ ...CONFIG, seed })));
  });

  it('changes the id where it differs from that', () => {
    const others = [
      withSettings({ at: 1 }),
      withSettings({ at: null }, 'double'),
      withSettings({ at: 1 }, 'double'),
    ];
    expect(new Set([trajectoryId(CONFIG), ...others.map(idOf)]).size).toBe(4);
    const grouped = { ...CONFIG, newGroup: { flag: true } } as unknown as TrajectoryConfig;
    expect(idOf(grouped)).not.toBe(trajectoryId(CONFIG));
    expect(idOf(others[0]!)).not.toBe(idOf(withSettings({ at: 2 })));
  });

  it('re-keys nothing when its default changes', () => {
    // The sweep file's default may be 2 by now: what was stored with { at: null } keeps its id, what is new has its own.
    expect(idOf(withSettings({ at: 2 }))).toBe(trajectoryId(withSettings({ at: 2 })));
  });

  it('is read from databases of before with the default that it was added with', () => {
    const newGroup = { flag: false };
    expect(completeConfig(CONFIG, later)).toEqual({ ...withSettings({ at: null }, 'single'), newGroup });
    const other = withSettings({ at: 3 }, 'double');
    expect(completeConfig(other, later)).toEqual({ ...other, newGroup });
    expect(completeConfig(CONFIG)).toEqual(CONFIG);
    expect(() => completeConfig(CONFIG, new Map([['train.a.b', 1]]))).toThrow('train.a.b');
  });

  it('is none that 0.1.0 knows: those are always part of the hash', () => {
    const paths = Object.entries(CONFIG).flatMap(([group, value]) =>
      typeof value === 'object' ? Object.keys(value).map(key => `${group}.${key}`) : [group],
    );
    expect(paths.filter(path => LATER_SETTINGS.has(path))).toEqual([]);
  });
});
