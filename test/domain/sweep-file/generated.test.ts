import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { PACKAGE_ROOT } from '../../../src/base/paths.js';
import { MAX_AXIS_VALUES } from '../../../src/domain/sweep-file/axes.js';
import { MAX_CELLS } from '../../../src/domain/sweep-file/check-sweep.js';
import { settingsMarkdown, sweepSchemaJson } from '../../../src/domain/sweep-file/reference.js';
import { SETTINGS } from '../../../src/domain/sweep-file/settings.js';
import { MAX_WHOLE } from '../../../src/domain/sweep-file/value-rules.js';
import { MINIMAL } from '../fixtures.js';

const read = (...path: string[]) => readFileSync(join(PACKAGE_ROOT, ...path), 'utf8');
const schema = JSON.parse(sweepSchemaJson());

describe('schema/sweep.schema.json', () => {
  it('is current (npm run docs)', () => {
    expect(read('schema', 'sweep.schema.json')).toBe(sweepSchemaJson());
  });

  it('describes every setting with its default, and allows it as an axis', () => {
    for (const path of SETTINGS.keys()) {
      const [group, key] = path.split('.') as [string, string];
      expect(schema.properties[group].properties[key].description, path).toMatch(/\w/);
      expect(schema.properties.axes.properties[path].description, path).toContain(path);
    }
    expect(schema.properties.train.properties.learningRate.default).toBe(0.1);
    expect(schema.properties.train.additionalProperties).toBe(false);
    expect(schema.required).toEqual(['name', 'dataset', 'axes']);
    expect(JSON.stringify(schema)).not.toContain('"expected"');
  });

  it('has the limits of every whole number', () => {
    const numbers: { type?: string; minimum?: number; maximum?: number }[] = [];
    JSON.stringify(schema, (_, value) => {
      if (value?.type === 'integer') numbers.push(value);
      return value;
    });
    expect(numbers.length).toBeGreaterThan(50);
    for (const { minimum, maximum } of numbers) {
      expect([0, 1]).toContain(minimum);
      expect([255, MAX_AXIS_VALUES, MAX_WHOLE]).toContain(maximum);
    }
  });

  const validator = z.fromJSONSchema(schema);
  const accepts = (text: string) => validator.safeParse(parse(text)).success;
  const sweeps = readdirSync(join(PACKAGE_ROOT, 'sweeps')).map(file => basename(file, '.yaml'));

  it.each(sweeps)('accepts sweeps/%s.yaml', name => {
    expect(accepts(read('sweeps', `${name}.yaml`))).toBe(true);
  });

  it('accepts axes by path and zips, and rejects what the parser rejects', () => {
    expect(accepts(MINIMAL)).toBe(true);
    expect(accepts(`${MINIMAL}  train.learningRate: [0.1, 0.2]\n`)).toBe(true);
    expect(accepts(`${MINIMAL}  zip: [{ train.momentum: [0, 0], train.weightDecay: [1, 2] }]\n`)).toBe(true);
    expect(accepts(`${MINIMAL}  train.learnigRate: [0.1, 0.2]\n`)).toBe(false);
    expect(accepts(`${MINIMAL}train: { learningRate: -1 }\n`)).toBe(false);
    expect(accepts(`${MINIMAL}train: { batchSize: all }\n`)).toBe(false);
    expect(accepts(MINIMAL.replace('[100]', '[]'))).toBe(false);
    expect(accepts(MINIMAL.replace('name: small', ''))).toBe(false);
  });
});

describe('docs/settings.md', () => {
  it('is current (npm run docs)', () => {
    expect(read('docs', 'settings.md')).toBe(settingsMarkdown());
  });

  it('has a row for every setting', () => {
    for (const path of SETTINGS.keys()) {
      expect(settingsMarkdown()).toContain(`| \`${path.split('.')[1]}\` |`);
    }
  });

  it('has every limit', () => {
    const text = settingsMarkdown();
    for (const limit of [MAX_WHOLE, MAX_AXIS_VALUES, MAX_CELLS])
      expect(text).toContain(limit.toLocaleString('en-US'));
    for (const row of text.split('\n').filter(line => line.includes('a whole number')))
      expect(row).toMatch(/a whole number from [01] to 2147483647/);
    expect(text).toContain('merge keys');
  });
});
