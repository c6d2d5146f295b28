/** Words of messages: counts, and arguments that a shell takes as they are. */

/** E.g. `1 cell`, `64 cells`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Quotes `text` for a shell where necessary. */
export const shellWord = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
