import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  asInstallationError,
  describeSystemError,
  isSystemError,
  refuseOldNode,
  systemReason,
} from '../../src/base/system-error.js';

function thrown(act: () => unknown): NodeJS.ErrnoException {
  try {
    act();
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error('nothing was thrown');
}

describe('errors of the system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-system-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  symlinkSync('circle', join(folder, 'circle'));

  test.each([
    ['nothing', 'no such file or folder'],
    ['file/below', 'a part of this path is not a folder'],
    ['circle', 'its symbolic links lead in a circle'],
    ['x'.repeat(300), 'the name is too long'],
  ])('%s', (name, reason) => {
    const error = thrown(() => readFileSync(join(folder, name)));
    expect(isSystemError(error)).toBe(true);
    expect(describeSystemError(error)).toBe(`${join(folder, name)}: ${reason}`);
  });

  test.each(['EACCES', 'ENOSPC', 'EROFS', 'EMFILE', 'EDQUOT', 'EIO', 'ENOTFOUND', 'EADDRINUSE'])(
    '%s is said in words',
    code => {
      const error = Object.assign(new Error(`${code}: library words, open '/a'`), { code, syscall: 'open' });
      expect(systemReason(error)).toMatch(/^[a-z`' ()-]+$/);
      expect(describeSystemError(Object.assign(error, { path: '/a' }))).toBe(`/a: ${systemReason(error)}`);
    },
  );

  test('an error without a path names the call, an uncommon one its code', () => {
    const error = Object.assign(new Error('EPROTO: x'), { code: 'EPROTO', syscall: 'read' });
    expect(describeSystemError(error)).toBe('the system refuses read: EPROTO');
  });
});

describe('errors of the installation', () => {
  const failed = (message: string, code?: string) => Object.assign(new Error(message), { code });
  const native = '/home/me/espalier/node_modules/better-sqlite3/build/Release/better_sqlite3.node';

  test.each([
    [
      'a package that is not built',
      failed(
        `Could not locate the bindings file. Tried:\n → ${native}\n → ${native.replace('Release', 'Debug')}`,
      ),
      /^better-sqlite3 is not built for Node v\S+ on \w+ \w+: run `npm rebuild better-sqlite3`$/,
    ],
    [
      'one that is built for another Node',
      failed(
        `The module '${native}'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 115. ` +
          'This version of Node.js requires\nNODE_MODULE_VERSION 127. Please try re-compiling or re-installing',
        'ERR_DLOPEN_FAILED',
      ),
      /^better-sqlite3 is built for another version of Node than Node v.+: run `npm rebuild better-sqlite3`$/,
    ],
    [
      'one that is built for another machine',
      failed(`${native}: invalid ELF header`, 'ERR_DLOPEN_FAILED'),
      /^better-sqlite3 does not load in Node v.+: run `npm rebuild better-sqlite3`$/,
    ],
    [
      'a part for this platform',
      failed("Cannot find module '@resvg/resvg-js-linux-x64-gnu'\nRequire stack:\n- /a", 'MODULE_NOT_FOUND'),
      /^the package @resvg\/resvg-js-linux-x64-gnu is missing .+: run `npm ci`$/,
    ],
    [
      'a package',
      failed("Cannot find package 'yargs' imported from /a/dist/src/cli/cli.js", 'ERR_MODULE_NOT_FOUND'),
      /^the package yargs is missing .+: run `npm ci`$/,
    ],
    [
      'a file of a package',
      failed(
        "Cannot find module '/a/node_modules/got/dist/index.js' imported from /a",
        'ERR_MODULE_NOT_FOUND',
      ),
      /^the package got is missing or incomplete .+: run `npm ci`$/,
    ],
    [
      'a file of espalier',
      failed(
        "Cannot find module '/a/dist/src/cli/run.js' imported from /a/dist/src/cli/cli.js",
        'ERR_MODULE_NOT_FOUND',
      ),
      /^espalier is not built as a whole: run `npm run build`$/,
    ],
  ])('%s is named, with the command that mends it', (_, error, message) => {
    const fault = asInstallationError(error);
    expect(fault).toMatchObject({ code: 'INSTALLATION', exitCode: 2 });
    expect(fault!.message).toMatch(message);
  });

  test('are recognised as Node throws them', () => {
    const require = createRequire(import.meta.url);
    expect(asInstallationError(thrown(() => require('no-such-package/at-all')))?.message).toContain(
      'the package no-such-package is missing',
    );
    const garbage = join(mkdtempSync(join(tmpdir(), 'espalier-native-')), 'garbage.node');
    writeFileSync(garbage, 'garbage');
    expect(asInstallationError(thrown(() => require(garbage)))?.message).toContain('does not load in Node');
  });

  test('are not confused with defects', () => {
    expect(asInstallationError(new TypeError('x is not a function'))).toBeNull();
    expect(asInstallationError('a text')).toBeNull();
  });
});

test('an old Node is refused, with the one that is expected', () => {
  for (const version of ['20.19.0', '20.20.2', '22.0.0', '100.1.0'])
    expect(() => refuseOldNode(version, '20.19')).not.toThrow();
  for (const version of ['20.18.9', '18.20.1', '9.0.0'])
    expect(() => refuseOldNode(version, '20.19')).toThrow(`this is Node ${version}, expected 20.19 or later`);
  expect(() => refuseOldNode()).not.toThrow();
});
