/**
 * The name of a file as a word of a POSIX shell, for command lines that messages suggest. A name that begins like an
 * option gets a folder in front of it.
 */
export function shellWord(file: string): string {
  const text = file.startsWith('-') ? `./${file}` : file;
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
