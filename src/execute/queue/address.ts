/** The address of a Redis server. Its password is part of no message. */
import { InputError } from '../../base/errors.js';

/** The address of a Redis server. */
export interface QueueAddress {
  /** With credentials. Never print it. */
  readonly url: string;
  /** Without credentials. */
  readonly shown: string;
}

const EXPECTED = 'a Redis server such as redis://host:6379 or rediss://host:6380/0';

/**
 * Parses `redis://` or, for TLS, `rediss://`. An address without credentials takes them from `fallback`, another
 * address, if that names the same server.
 *
 * @param path the option that is named in errors.
 * @example
 * const address = parseAddress('--queue', 'redis://host:6379', process.env.ESPALIER_QUEUE);
 *
 * @throws InputError (BAD_INPUT) that shows the address without its credentials.
 */
export function parseAddress(path: string, text: string, fallback?: string): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  const database = url ? /^\/?(\d{0,4})$/.exec(url.pathname) : null;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '' || !database || url.hash)
    throw new InputError({ path, value: withoutCredentials(text), expected: EXPECTED });
  const shown = `${url.protocol}//${url.host}${database[1] ? `/${database[1]}` : ''}`;
  const other = fallback && URL.canParse(fallback) ? new URL(fallback) : null;
  if (url.username === '' && url.password === '' && other?.host === url.host) {
    url.username = other.username;
    url.password = other.password;
  }
  return { url: url.href, shown };
}

/** Drops everything up to the last @: what is no URL may hold a password, too. */
const withoutCredentials = (text: string): string => text.replace(/^([a-z]+:\/\/)?.*@/is, '$1');
