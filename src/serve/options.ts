/** Options of the live page's server, and its default port. */
export const DEFAULT_PORT = 8750;

export interface ServeOptions {
  readonly db: string;
  /** Default 127.0.0.1. An address other than loopback requires a token. */
  readonly host?: string | undefined;
  /** Default: DEFAULT_PORT, or any free port where that is taken. */
  readonly port?: number | undefined;
  /** The token that a page must present. Default: a new one for an address other than loopback, none for loopback. */
  readonly token?: string | undefined;
}
