/** The documents, and their blocks of code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

export const documentsBelow = (folder: string): string[] =>
  readdirSync(join(PACKAGE_ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md'))
    .map(file => posix.join(folder, file));

export const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...documentsBelow('docs')];

export interface Block {
  readonly language: string;
  /** What follows the language: a file's name, or `long`; empty for nothing. */
  readonly name: string;
  readonly text: string;
}

export const blocksIn = (document: string): Block[] =>
  [...document.matchAll(/^```(\w*) ?(\S*)\n(.*?)^```/gms)].map(([, language, name, text]) => ({
    language: language!,
    name: name!,
    text: text!,
  }));

/** The blocks of a language in a document, without those of shell that are marked as long. */
export const blocksOf = (file: string, language: string): Block[] =>
  blocksIn(readFileSync(join(PACKAGE_ROOT, file), 'utf8')).filter(
    block => block.language === language && block.name !== 'long',
  );
