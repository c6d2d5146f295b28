/** Where the live page is. */
export const DEFAULT_PORT = 8750;

export interface ServeOptions {
  readonly db: string;
  /** Default 127.0.0.1. Another address than this machine's own needs a token. */
  readonly host?: string | undefined;
  /** Default: DEFAULT_PORT, or where that is taken, any that is free. */
  readonly port?: number | undefined;
  /** What a page must know; default: a new one for another address, none for this machine's own. */
  readonly token?: string | undefined;
}
