// Generates the schema and the reference from the definitions. Needs a build; run by `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsMarkdown, sweepSchemaJson } from '../dist/src/domain/sweep-file/reference.js';
import { errorsMarkdown, viewsMarkdown } from './reference.mjs';

const at = name => new URL(name, import.meta.url);
writeFileSync(at('../schema/sweep.schema.json'), sweepSchemaJson());
writeFileSync(at('settings.md'), settingsMarkdown());
writeFileSync(at('views.md'), viewsMarkdown());
writeFileSync(at('errors.md'), errorsMarkdown(readFileSync(at('../src/base/errors.ts'), 'utf8')));
