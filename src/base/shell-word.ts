/** Quotes `text` for a POSIX shell where necessary, for command lines that messages suggest. */
export const shellWord = (text: string): string =>
  /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
