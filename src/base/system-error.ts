/** Failures of the operating system, in words for a message that names the path itself. */
import { getSystemErrorMap } from 'node:util';

export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** What is wrong, e.g. `permission denied`, without the call and its path, which may be a temporary name. */
export function systemReason(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return (errno !== undefined && getSystemErrorMap().get(errno)?.[1]) || message;
}
