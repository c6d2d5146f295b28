/** Why a download failed, in words, and whether the same request could succeed later. */
import { HTTPError, TimeoutError } from 'got';
import { systemReason } from '../base/system-error.js';

/** A file that is longer than any of a known data set. */
export class TooLongError extends Error {
  constructor(bytes: number) {
    super(`longer than ${bytes} bytes`);
  }
}

/** What is wrong with an address or its server, so that the same request would fail again. */
const LASTING: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such host',
  ERR_INVALID_URL: 'this is not an address',
  ERR_UNSUPPORTED_PROTOCOL: 'it leads to an address that is not http or https',
  ERR_TOO_MANY_REDIRECTS: 'it leads from address to address in a circle',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (is the clock right?)',
  EPROTO: 'it does not speak https',
};
/** Certificates that no known authority has signed, as those of a proxy that reads the traffic. */
const UNKNOWN_AUTHORITY = /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|CERT_(?:UNTRUSTED|REJECTED)/;

/** The reason of a lasting failure, null for one that may pass. */
export function lastingReason(error: unknown): string | null {
  if (error instanceof TooLongError) return error.message;
  if (error instanceof HTTPError) {
    const { statusCode, statusMessage } = error.response;
    const mayPass = statusCode === 408 || statusCode === 429 || statusCode >= 500;
    return mayPass ? null : `HTTP ${statusCode}${statusMessage ? ` (${statusMessage})` : ''}`;
  }
  const { code = '' } = error as NodeJS.ErrnoException;
  if (UNKNOWN_AUTHORITY.test(code))
    return 'its certificate is signed by an authority that is not known here (NODE_EXTRA_CA_CERTS adds one)';
  if (code.startsWith('ERR_SSL')) return LASTING.EPROTO!;
  return LASTING[code] ?? (code.startsWith('HPE_') ? 'its answer is not HTTP' : null);
}

/** By the phase in which got gave up. */
const LATE: Readonly<Record<string, string>> = {
  lookup: 'the name of the host was not found in time',
  connect: 'no connection in time',
  secureConnect: 'no connection in time',
  response: 'no answer in time',
  socket: 'nothing came for too long',
};

/** The reason of any failure. */
export function reasonOf(error: unknown): string {
  const lasting = lastingReason(error);
  if (lasting !== null) return lasting;
  if (error instanceof HTTPError) return `HTTP ${error.response.statusCode}`;
  if (error instanceof TimeoutError) return LATE[error.event] ?? 'no answer in time';
  const { code } = error as NodeJS.ErrnoException;
  // Node and got report an answer that ends early under codes of their own.
  return code?.startsWith('ERR_') ? systemReason({ code: 'ECONNRESET' }) : systemReason(error);
}
