import { expect, it } from 'vitest';
import { slimSvg } from '../../src/report/drawing/svg.js';

it('removes groups that are empty, and leaves the others closed', () => {
  const slim = (inner: string) =>
    slimSvg(`<svg viewBox="0 0 1 1">${inner}</svg>`, 'p').replace(/^<svg[^>]*>/, '');
  expect(slim('<g><g transform="translate(0,0)"></g></g>')).toBe('</svg>');
  expect(slim('<g fill="none"><g><g/></g></g>')).toBe('<g fill="none"><g><g/></g></g></svg>');
});
