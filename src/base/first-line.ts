/** The first line of what was thrown, which need not be an Error. */
export const firstLine = (error: unknown): string =>
  String((error as Error | null)?.message ?? error)
    .split('\n')[0]!
    .trim();
