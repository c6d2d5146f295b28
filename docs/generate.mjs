// Writes what is generated from the settings' definition. Run by `npm run docs`, after a build.
import { writeFileSync } from 'node:fs';
import { settingsMarkdown, sweepSchemaJson } from '../dist/src/domain/reference.js';

writeFileSync(new URL('../schema/sweep.schema.json', import.meta.url), sweepSchemaJson());
writeFileSync(new URL('settings.md', import.meta.url), settingsMarkdown());
