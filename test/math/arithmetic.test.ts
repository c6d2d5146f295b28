/**
 * Results must not depend on the version of Node. Code that computes them must not call a function of `Math` whose
 * last bits the language leaves open, the power operator (except on integer literals), or an unnamed random source.
 *
 * A line whose value only reaches the reader of a report may carry the comment `reporting only`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

const FOLDERS = ['src/math', 'src/data', 'src/engine', 'src/theory', 'src/trajectory'];
/** Downloads are checked against a hash; distributions serve the statistics, which no stored cell depends on. */
const EXEMPT = ['src/data/fetch.ts', 'src/math/normal.ts', 'src/math/student.ts'];
const OPEN_ENDED =
  /\bMath\s*\.\s*(pow|exp|expm1|log|log2|log10|log1p|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|hypot|cbrt|random)\b/;
const TAKEN_APART = /\bMath\s*(\[|[;,)]|$)|\bJSMath\b/;
const POWER = /\*\*(?!\*)/;
const LITERAL_POWER = /\b\d+\s*\*\*\s*\d+\b/g;

/** The lines of a source that are code, comments blanked. Numbered from 1. */
function codeLines(source: string): { number: number; code: string; line: string }[] {
  const withoutBlocks = source.replace(/\/\*[\s\S]*?\*\//g, block => block.replace(/[^\n]/g, ''));
  const lines = source.split('\n');
  return withoutBlocks
    .split('\n')
    .map((line, i) => ({ number: i + 1, code: line.replace(/\/\/.*$/, ''), line: lines[i]! }));
}

function offences(source: string): number[] {
  return codeLines(source)
    .filter(({ line }) => !/\/\/.*\breporting only\b/.test(line))
    .filter(
      ({ code }) =>
        OPEN_ENDED.test(code) || TAKEN_APART.test(code) || POWER.test(code.replace(LITERAL_POWER, '')),
    )
    .map(({ number }) => number);
}

describe('arithmetic', () => {
  it('the check detects violations, and only those', () => {
    expect(offences('const a = Math.exp(x);')).toEqual([1]);
    expect(offences('/** Math.exp */\nconst a = x ** y;\n// Math.pow(x)')).toEqual([2]);
    expect(offences('const { exp } = Math;')).toEqual([1]);
    expect(offences('x **= 2')).toEqual([1]);
    expect(offences('const GIB = 2 ** 30 + Math.sqrt(2) * Math.fround(3) * Math.LN2; // Math.log')).toEqual(
      [],
    );
    expect(offences('const a = Math.log10(x); // reporting only')).toEqual([]);
  });

  // AssemblyScript's `Math` is software of its own, compiled into the kernels.
  const files = FOLDERS.flatMap(folder =>
    readdirSync(join(PACKAGE_ROOT, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
      .map(entry => relative(PACKAGE_ROOT, join(entry.parentPath, entry.name)))
      .filter(file => !file.includes('assembly') && !EXEMPT.includes(file)),
  );
  it.each(files)('%s is the same everywhere', file => {
    expect(offences(readFileSync(join(PACKAGE_ROOT, file), 'utf8'))).toEqual([]);
  });
});
