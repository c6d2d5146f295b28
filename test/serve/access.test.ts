import { describe, expect, it } from 'vitest';
import { Access, isLoopback, type Request } from '../../src/serve/access.js';

const TOKEN = 'a-token-of-some-length';

const status = (access: Access, headers: Request['headers'], rest: Partial<Request> = {}) =>
  access.refusal({ method: 'GET', path: '/events', token: undefined, ...rest, headers })?.status ?? 200;

describe('the Host header', () => {
  const access = new Access('127.0.0.1', null);

  it('is accepted as localhost or any address, with any port', () => {
    for (const host of ['localhost', 'LOCALHOST:80', 'localhost:9999', '127.0.0.1:8750', '[::1]:8750'])
      expect([host, status(access, { host })]).toEqual([host, 200]);
  });

  it('is refused with another name or none', () => {
    for (const host of ['evil.example', 'localhost.evil.example:8750', 'evil.example:80', '127.0.0.1.nip.io'])
      expect([host, status(access, { host })]).toEqual([host, 421]);
    for (const host of [undefined, '', 'a b', '/', '@'])
      expect([host, status(access, { host })]).toEqual([host, 400]);
  });

  it('may be the name that the server listens on', () => {
    const named = new Access('lab.example', TOKEN);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect(status(named, { host: 'lab.example:8750', ...headers })).toBe(200);
    expect(status(named, { host: 'evil.example:8750', ...headers })).toBe(421);
  });
});

describe("another site's page", () => {
  const access = new Access('127.0.0.1', null);
  const host = 'localhost:8750';

  it('may link to the page, and nothing else', () => {
    const link = { host, 'sec-fetch-site': 'cross-site' };
    expect(status(access, link, { path: '/' })).toBe(200);
    expect(status(access, link, { path: '/events' })).toBe(403);
    expect(status(access, link, { path: '/', method: 'POST' })).toBe(403);
    for (const origin of [
      'http://evil.example',
      'null',
      'http://localhost:9999',
      'http://localhost.evil.example:8750',
    ])
      expect([origin, status(access, { host, origin })]).toEqual([origin, 403]);
  });

  it('is distinguished from our own page', () => {
    expect(status(access, { host, origin: 'http://localhost:8750', 'sec-fetch-site': 'same-origin' })).toBe(
      200,
    );
  });
});

describe('the token', () => {
  const access = new Access('0.0.0.0', TOKEN);
  const host = '192.168.0.7:8750';
  const cookie = access.cookieFor({ token: TOKEN })!.split(';')[0]!;

  it('is required', () => {
    for (const wrong of ['', 'x', TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase()]) {
      expect(status(access, { host }, { path: '/', token: wrong })).toBe(401);
      expect(status(access, { host, authorization: `Bearer ${wrong}` })).toBe(401);
      expect(status(access, { host, cookie: cookie.replace(TOKEN, wrong) })).toBe(401);
    }
    expect(status(access, { host })).toBe(401);
    expect(status(access, { host, authorization: `Basic ${TOKEN}` })).toBe(401);
  });

  it('is accepted from the link, a header or the cookie', () => {
    expect(status(access, { host }, { path: '/', token: TOKEN })).toBe(200);
    expect(status(access, { host }, { token: TOKEN })).toBe(401);
    expect(status(access, { host, authorization: `Bearer ${TOKEN}` })).toBe(200);
    expect(status(access, { host, cookie: `a=b; ${cookie}; c=d` })).toBe(200);
  });

  it('does not outweigh a foreign host', () => {
    expect(status(access, { host: 'evil.example', authorization: `Bearer ${TOKEN}` })).toBe(421);
  });
});

it.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.0.7', false],
  ['127.0.0.1.evil.example', false],
  ['lab.example', false],
])('%s is this machine alone: %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
