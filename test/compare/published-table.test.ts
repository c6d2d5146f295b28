import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTable, readTable } from '../../src/compare/published-table.js';
import { temporaryFolders } from '../store/fixtures.js';

const HEAD = 'width,dataset_size,pretrain_iterations,accuracy';
const parse = (text: string | Uint8Array, quantity: 'accuracy' | 'loss' = 'accuracy') =>
  parseTable(Buffer.from(text as string), 't.csv', quantity);
const folder = temporaryFolders();

describe('a published table', () => {
  it.each([
    ['plain', `${HEAD}\n5,20,10,0.5\n5,20,0,1\n`],
    [
      'with a byte order mark, CRLF, spaces and empty lines',
      `\uFEFF${HEAD}\r\n\r\n 5 , 20,10, .5\r\n5,20,0,1`,
    ],
    [
      'in another order of columns',
      'accuracy,pretrain_iterations,width,dataset_size\n0.5,10,5,20\n1e0,0,5,20\n',
    ],
    ['in quotes', `"width","dataset_size",pretrain_iterations,accuracy\n"5",20,10,"0.5"\n5,20,0,1\n`],
  ])('is read %s, and ordered', (_, text) => {
    expect(parse(text)).toEqual([
      { width: 5, n: 20, t: 0, value: 1 },
      { width: 5, n: 20, t: 10, value: 0.5 },
    ]);
  });

  it('may hold losses', () => {
    const text = 'width,dataset_size,pretrain_iterations,loss\n5,20,0,1.5\n';
    expect(parse(text, 'loss')).toEqual([{ width: 5, n: 20, t: 0, value: 1.5 }]);
  });

  it.each([
    ['', 't.csv: the file is empty, expected the columns width,'],
    [HEAD, 't.csv: no line of numbers is below the column names, expected at least one'],
    [
      HEAD.replace('width', 'widht'),
      't.csv:1: found the column "widht" (did you mean width?), expected the columns width, dataset_size, pretrain_iterations, accuracy, in any order',
    ],
    [
      HEAD.replaceAll(',', ';'),
      't.csv:1: found the column "width;dataset_size;pretrain_iterations;accuracy", expected the columns',
    ],
    [`${HEAD},width`, 't.csv:1: the column width is there twice, expected each column once'],
    [
      'width,dataset_size,accuracy',
      't.csv:1: the column pretrain_iterations is missing, expected the columns',
    ],
    [`${HEAD}\n5,20,0`, 't.csv:2: found 3 fields, expected 4, one for each column'],
    [
      `${HEAD}\n5,20,0,1\n\n5,20,10,1.01`,
      't.csv:4: accuracy: found "1.01", expected an accuracy from 0 to 1',
    ],
    [`${HEAD}\n5,20,0,98%`, 't.csv:2: accuracy: found "98%", expected an accuracy from 0 to 1'],
    [`${HEAD}\n5,20,0,`, 't.csv:2: accuracy: found "", expected an accuracy from 0 to 1'],
    [`${HEAD}\n0,20,0,1`, 't.csv:2: width: found "0", expected a whole number, 1 or more'],
    [`${HEAD}\n5,2.5,0,1`, 't.csv:2: dataset_size: found "2.5", expected a whole number, 1 or more'],
    [`${HEAD}\n5,20,-1,1`, 't.csv:2: pretrain_iterations: found "-1", expected a whole number, 0 or more'],
    [`${HEAD}\n5,20,0x10,1`, 't.csv:2: pretrain_iterations: found "0x10", expected a whole number'],
    [
      `${HEAD}\n5,20,0,1\n5,20,0.0,0.5`,
      't.csv:3: width 5, dataset_size 20, pretrain_iterations 0 is on line 2 already, expected each cell only once',
    ],
    [`${HEAD}\n5,20,0,"1`, 't.csv:2: a quote is not closed, or text follows it, expected CSV'],
    [
      new Uint8Array([0x77, 0xff, 0x41]),
      't.csv: this is no text in UTF-8, expected a published table, CSV in UTF-8',
    ],
    [new Uint8Array([0x1f, 0x8b, 8, 0]), 't.csv: this is a gzip file, expected a published table'],
    [Buffer.from(`\uFEFF${HEAD}`, 'utf16le'), 't.csv: this is text in UTF-16, expected a published table'],
  ])('is refused in one line: %j', (text, message) => {
    const fault = (() => {
      try {
        return parse(text);
      } catch (error) {
        return error;
      }
    })();
    expect(fault).toMatchObject({ code: 'BAD_INPUT' });
    expect((fault as Error).message).toContain(message);
    expect((fault as Error).message).not.toContain('\n');
  });

  it('names a file that cannot be read', () => {
    const at = folder();
    mkdirSync(join(at, 'inner'));
    expect(() => readTable(join(at, 'none.csv'), 'accuracy')).toThrow('none.csv: no such file, expected');
    expect(() => readTable(join(at, 'inner'), 'accuracy')).toThrow('inner: is a folder, expected');
    writeFileSync(join(at, 'a.csv'), `${HEAD}\n5,20,0,1\n`);
    expect(readTable(join(at, 'a.csv'), 'accuracy')).toHaveLength(1);
  });
});
