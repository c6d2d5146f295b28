/**
 * Access control of the live page's server. A browser sends requests to this machine on behalf of any page it shows,
 * so every request is checked:
 *
 *   Host      a foreign host name is another site's name that points to this machine (DNS rebinding)
 *   Origin    another site's page sends the request itself
 *   token     requests from outside this machine need it; the printed link contains it
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Headers of every response. The page has no inline script or style, and loads nothing from other origins. */
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
  /** Without the query string. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The query parameter `token`; undefined where the address has none. */
  readonly token: string | undefined;
}

export class Access {
  private readonly names: ReadonlySet<string>;
  private readonly digest: Buffer | null;
  /** Differs for each token, since browsers share cookies between all ports of a host. */
  private readonly cookieName: string;

  /**
   * @param host the address that the server listens on.
   * @param token null where none is needed.
   */
  constructor(host: string, token: string | null) {
    const own = hostname().toLowerCase();
    this.names = new Set(
      isLoopback(host) ? ['localhost'] : ['localhost', host.toLowerCase(), own, `${own}.local`],
    );
    this.digest = token === null ? null : digest(token);
    this.cookieName = `espalier-${this.digest?.toString('hex', 0, 4)}`;
  }

  /** Why a request is refused; null where it is allowed. */
  refusal(request: Request): Refused | null {
    const { host, origin } = request.headers;
    const name = hostnameOf(`http://${host}`);
    if (host === undefined || name === null)
      return { status: 400, error: 'the request has no proper Host header' };
    // DNS cannot rebind an IP address. Ports are not compared: they differ behind an SSH tunnel.
    if (!isAddress(name) && !this.names.has(name))
      return { status: 421, error: `this page is not at ${name}: another name for this machine is refused` };
    const site = request.headers['sec-fetch-site'];
    const isForeign =
      (origin !== undefined && hostOf(origin) !== hostOf(`http://${host}`)) ||
      (site !== undefined && site !== 'same-origin' && site !== 'none');
    // Following a link from another site to the page is allowed.
    if (isForeign && !(request.method === 'GET' && request.path === '/' && origin === undefined))
      return { status: 403, error: 'this request comes from another site' };
    if (!this.hasToken(request))
      return {
        status: 401,
        error: 'this page needs its token: open the whole link that espalier printed, ?token=... included',
      };
    return null;
  }

  /** The `Set-Cookie` value that keeps the token; null if the address has no token, or none is needed. */
  cookieFor({ token }: Pick<Request, 'token'>): string | null {
    if (!this.digest || token === undefined) return null;
    return `${this.cookieName}=${token}; Path=/; HttpOnly; SameSite=Lax`;
  }

  private hasToken({ token, headers, path }: Request): boolean {
    const expected = this.digest;
    if (!expected) return true;
    const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    const stored = (headers.cookie ?? '')
      .split(/;\s*/)
      .find(pair => pair.startsWith(`${this.cookieName}=`))
      ?.slice(this.cookieName.length + 1);
    const candidates = [path === '/' ? token : undefined, bearer, stored];
    return candidates.some(one => one !== undefined && timingSafeEqual(digest(one), expected));
  }
}

/** Whether `host` is a loopback address: only programs on this machine can reach it. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

const isAddress = (name: string): boolean => isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function hostnameOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null;
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}
