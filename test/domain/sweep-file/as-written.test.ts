import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { asWritten } from '../../../src/domain/sweep-file/as-written.js';
import { parseSweep } from '../../../src/domain/sweep-file/parse.js';
import { MINIMAL, messageOf } from '../fixtures.js';

const parse = (text: string, ...set: string[]) =>
  messageOf(() => parseSweep(text, { source: 's.yaml', set }));
const SEED = 'a whole number from 0 to 2147483647';

/** No seeds, as they are written and as they are shown. */
const NUMBERS = [
  '9007199254740993',
  '12345678901234567890',
  '-9007199254740993',
  '1e400',
  '-1e400',
  '0x1FFFFFFFF',
  '0o777777777777',
  '.5',
  '-0.50',
  '+5.5',
  '5.50',
  '.inf',
  '-.Inf',
  '.NaN',
  '2147483648',
];

describe('a number is shown as it is written', () => {
  it.each(NUMBERS)('%s', text => {
    for (const message of [
      parse(`${MINIMAL}  seed: ${text}\n`),
      parse(`${MINIMAL}  seed: &here ${text}\n`),
      parse(MINIMAL, `axes.seed=${text}`),
      parse(MINIMAL, 'axes.seed=1', `axes.seed=${text}`),
    ]) {
      expect(message).toContain(`axes.seed: found ${text}, expected ${SEED}`);
      expect(message).not.toContain('more problem');
    }
    for (const message of [
      parse(`${MINIMAL}  seed: [1, ${text}]\n`),
      parse(MINIMAL, `axes.seed=[1, ${text}]`),
    ])
      expect(message).toContain(`axes.seed[1]: found ${text}, expected ${SEED}`);
    for (const message of [
      parse(`${MINIMAL}  seed: { count: ${text} }\n`),
      parse(MINIMAL, `axes.seed.count=${text}`),
      parse(MINIMAL, `axes.seed={ count: ${text} }`),
    ])
      expect(message).toContain(`axes.seed.count: found ${text}, expected a whole number from 1 to 1000000`);
  });

  it('also where YAML 1.2 reads text, and behind an alias', () => {
    for (const text of ['1_000', '1,000', '0b11', '-0x1F', '1e', '9007199254740993n'])
      expect(parse(`${MINIMAL}  seed: [1, "${text}"]\n`)).toContain(`axes.seed[1]: found "${text}", `);
    expect(parse(`${MINIMAL}  seed: 1_000\n`)).toContain('axes.seed: found "1_000", ');
    expect(parse(`${MINIMAL}train: { batchSize: 0x10, learningRate: -1e0 }\n`)).toContain('found -1e0, ');
    const aliased = `${MINIMAL}train: { momentum: &m 0.50 }\nretrain: { iterations: *m }\n`;
    expect(parse(aliased)).toContain('retrain.iterations: found 0.50, ');
  });

  it('within lists and mappings, and where a list of one stands for its value', () => {
    expect(
      parse(`${MINIMAL}name: [0x10, 1.50, "a", null, { b: 1e400 }]\n`.replace('name: small\n', '')),
    ).toContain('name: found [0x10,1.50,"a",null,{"b":1e400}], expected a name');
    expect(parse(MINIMAL.replace('[5, 10]', '[0x1F4]'))).toContain(
      'axes.subnetSize: found 0x1F4, expected at most the width, which is 100 there',
    );
    expect(parse(MINIMAL, 'axes.subnetSize=5e2')).toContain(
      'axes.subnetSize: found 5e2, expected at most the width',
    );
  });

  it('is cut where it is long', () => {
    const long = '9'.repeat(300);
    expect(parse(MINIMAL, `axes.seed=${long}`)).toContain(`found ${'9'.repeat(77)}..., expected`);
    const list = `[${Array.from({ length: 100_000 }, (_, i) => i).join(', ')}]`;
    expect(parse(MINIMAL, `name=${list}`)).toMatch(/name: found \[0,1,2,.{60,75}\.\.\., expected a name/);
  });

  it('and not where the document has another value', () => {
    const document = parseDocument('a: 1.0\nb: [2.0]\nc: &c {d: 3.0}\ne: *c\n');
    expect(asWritten(document, ['a'], 1)).toBe('1.0');
    expect(asWritten(document, ['a'], 2)).toBeNull();
    expect(asWritten(document, ['b'], 2)).toBe('2.0');
    expect(asWritten(document, ['b', 0], 2)).toBe('2.0');
    expect(asWritten(document, ['b', 'x'], 2)).toBeNull();
    expect(asWritten(document, ['e', 'd'], 3)).toBe('3.0');
    expect(asWritten(document, ['e'], { d: 3 })).toBe('{"d":3.0}');
    expect(asWritten(document, ['toString'], 3)).toBeNull();
    expect(asWritten(document, ['a', 'constructor'], 3)).toBeNull();
  });
});

it.each([
  [`${MINIMAL}train: { <<: { loss: squared } }\n`, 's.yaml:8: train.<<'],
  [`${MINIMAL}train: &t { loss: squared }\nretrain:\n  <<: *t\n`, 's.yaml:10: retrain.<<'],
  [`${MINIMAL}<<: { width: 5 }\n`, 's.yaml:8: <<'],
  [`${MINIMAL}  <<: { width: [5] }\n`, 's.yaml:8: axes.<<'],
])('a merge key is refused with its reason: %j', (text, place) => {
  expect(parse(text)).toBe(
    `InputError: ${place}: merge keys are of YAML 1.1, and a sweep file is YAML 1.2, ` +
      'expected the keys themselves (or an alias for a whole value)',
  );
});

it('an alias may stand for a whole value', () => {
  const { settings } = parseSweep(`${MINIMAL}train: { batchSize: &b 64 }\nretrain: { iterations: *b }\n`);
  expect(settings.retrain.iterations).toBe(64);
});
