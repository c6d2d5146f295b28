/**
 * Who is answered. A browser sends requests to this machine for any page that it shows, so what comes is looked at:
 *
 *   Host      a name that is not ours is another site's that now points here (DNS rebinding)
 *   Origin    another site's page that sends requests itself
 *   token     from outside this machine, only those who have the link
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Sent with everything. The page has no inline script or style, and needs nothing from elsewhere. */
export const SECURITY_HEADERS: Record<string, string> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export interface Refused {
  readonly status: 400 | 401 | 403 | 421;
  readonly error: string;
}

export interface Request {
  readonly method: string;
  /** Without what follows a `?`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the address, where it has one. */
  readonly token: string | undefined;
}

export class Access {
  private readonly names: ReadonlySet<string>;
  private readonly digest: Buffer | null;
  /** Another for each token, since browsers keep one set of cookies for all ports of a host. */
  private readonly cookie: string;

  /** @param host what is listened on. `token` null: none is needed. */
  constructor(host: string, token: string | null) {
    const own = hostname().toLowerCase();
    this.names = new Set(
      isLoopback(host) ? ['localhost'] : ['localhost', host.toLowerCase(), own, `${own}.local`],
    );
    this.digest = token === null ? null : digest(token);
    this.cookie = `espalier-${this.digest?.toString('hex', 0, 4)}`;
  }

  /** Null for a request that is answered. */
  refusal(request: Request): Refused | null {
    const { host, origin } = request.headers;
    const name = nameOf(`http://${host}`);
    if (host === undefined || name === null)
      return { status: 400, error: 'the request has no proper Host header' };
    // An address cannot be made to point elsewhere. Ports are not compared: they differ behind an SSH tunnel.
    if (!isAddress(name) && !this.names.has(name))
      return { status: 421, error: `this page is not at ${name}: another name for this machine is refused` };
    const site = request.headers['sec-fetch-site'];
    const isForeign =
      (origin !== undefined && nameAndPort(origin) !== nameAndPort(`http://${host}`)) ||
      (site !== undefined && site !== 'same-origin' && site !== 'none');
    // A link that leads here is welcome.
    if (isForeign && !(request.method === 'GET' && request.path === '/' && origin === undefined))
      return { status: 403, error: 'this request comes from another site' };
    if (!this.hasToken(request))
      return {
        status: 401,
        error: 'this page needs its token: open the whole link that espalier printed, ?token=... included',
      };
    return null;
  }

  /** What remembers the token for later requests; null where the address carries none, or none is needed. */
  cookieFor({ token }: Pick<Request, 'token'>): string | null {
    if (!this.digest || token === undefined) return null;
    return `${this.cookie}=${token}; Path=/; HttpOnly; SameSite=Lax`;
  }

  private hasToken({ token, headers, path }: Request): boolean {
    const expected = this.digest;
    if (!expected) return true;
    const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    const kept = (headers.cookie ?? '')
      .split(/;\s*/)
      .find(pair => pair.startsWith(`${this.cookie}=`))
      ?.slice(this.cookie.length + 1);
    const given = [path === '/' ? token : undefined, bearer, kept];
    return given.some(one => one !== undefined && timingSafeEqual(digest(one), expected));
  }
}

/** Whether only programs on this machine can reach it. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

const isAddress = (name: string): boolean => isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function nameOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null;
}

function nameAndPort(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}
