// Generates schema/sweep.schema.json and docs/settings.md from the definition of the settings. Needs a build; run by
// `npm run docs`.
import { writeFileSync } from 'node:fs';
import { settingsMarkdown, sweepSchemaJson } from '../dist/src/domain/sweep-file/reference.js';

writeFileSync(new URL('../schema/sweep.schema.json', import.meta.url), sweepSchemaJson());
writeFileSync(new URL('settings.md', import.meta.url), settingsMarkdown());
