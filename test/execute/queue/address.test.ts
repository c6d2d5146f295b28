import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/errors.js';
import { parseAddress } from '../../../src/execute/queue/address.js';
import { jobId, laneOf, parseJobId } from '../../../src/execute/queue/keys.js';
import { QUEUE_TIMES, queueTimes } from '../../../src/execute/queue/options.js';

describe('the address of a server', () => {
  it.each([
    ['redis://host', 'redis://host'],
    ['redis://host:7000/3', 'redis://host:7000/3'],
    ['rediss://user:secret@host:6380', 'rediss://host:6380'],
    ['redis://:secret@[::1]:6379', 'redis://[::1]:6379'],
  ])('%s is shown as %s', (text, shown) => {
    expect(parseAddress('--queue', text)).toMatchObject({ shown });
    expect(new URL(parseAddress('--queue', text).url).password).toBe(new URL(text).password);
  });

  it('takes credentials that it lacks from another address of the same server', () => {
    const { url, shown } = parseAddress('--queue', 'redis://host:7000', 'redis://user:secret@host:7000');
    expect(url).toBe('redis://user:secret@host:7000');
    expect(shown).toBe('redis://host:7000');
    expect(parseAddress('--queue', 'redis://host', 'redis://user:secret@other').url).toBe('redis://host');
    expect(parseAddress('--queue', 'redis://me:mine@host', 'redis://user:secret@host').url).toContain('mine');
  });

  it.each([
    ['host:6379', 'host:6379'],
    ['http://user:secret@host', 'http://host'],
    ['redis://user:secret@', 'redis://'],
    ['redis://user:se@cret@ho st', 'redis://ho st'],
    ['user:secret@host', 'host'],
    ['redis://user:secret@host/name', 'redis://host/name'],
    ['', ''],
  ])('%s is refused without its password', (text, shown) => {
    const refused = () => parseAddress('--queue', text);
    expect(refused).toThrow(InputError);
    expect(refused).toThrow(`--queue: found ${JSON.stringify(shown)}, expected a Redis server such as`);
    expect(refused).not.toThrow(/secret/);
  });
});

describe('lanes and jobs', () => {
  it('a lane holds what needs about as much memory, and small ones share the first', () => {
    const MB = 2 ** 20;
    expect([0, 1, 64 * MB].map(bytes => laneOf(bytes, false))).toEqual(['0', '0', '0']);
    expect(laneOf(128 * MB, false)).toBe('4');
    expect(laneOf(128 * MB + 1, false)).toBe('5');
    expect(laneOf(1, true)).toBe('alone');
  });

  it('job ids name trajectory and ticket, and nothing else is taken for one', () => {
    expect(parseJobId(jobId('0f3a', 'abc123'))).toEqual({ id: '0f3a', ticket: 'abc123' });
    expect(parseJobId(jobId('0f3a-audit', 'abc'))).toEqual({ id: '0f3a-audit', ticket: 'abc' });
    for (const text of ['', 't-', '7', 't-a', 't-a:b.c', `t-${'a'.repeat(300)}.b`])
      expect(parseJobId(text)).toBeNull();
  });

  it('tests shorten times by name', () => {
    expect(queueTimes('leaseMs=4000 staleMs=20')).toEqual({ leaseMs: 4000, staleMs: 20 });
    expect(queueTimes('leaseMs=x other=3 =')).toEqual({});
    expect(Object.keys(QUEUE_TIMES)).toContain('leaseMs');
  });
});
