/** Reads deploy/Dockerfile and deploy/compose.yaml as far as these two go, for tests without a container engine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

export const DEPLOY = join(PACKAGE_ROOT, 'deploy');

export interface Stage {
  readonly name: string | null;
  readonly instructions: readonly { readonly word: string; readonly rest: string }[];
}

/** The stages of the Dockerfile, with continued lines joined. */
export function stages(): Stage[] {
  const lines = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8')
    .split('\n')
    .filter(line => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => line.trim() !== '');
  const found: { name: string | null; instructions: { word: string; rest: string }[] }[] = [];
  for (const line of lines) {
    const [, word, rest] = /^([A-Z]+) (.*)$/.exec(line)!;
    if (word === 'FROM') found.push({ name: / AS (\w+)$/.exec(rest!)?.[1] ?? null, instructions: [] });
    else found.at(-1)!.instructions.push({ word: word!, rest: rest! });
  }
  return found;
}

export interface ImageSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly health: readonly string[];
  readonly stopSignal: NodeJS.Signals;
}

/** What the last stage says of a container's process. */
export function imageSettings(): ImageSettings {
  const { instructions } = stages().at(-1)!;
  const rest = (word: string) => instructions.find(each => each.word === word)!.rest;
  const list = (text: string): string[] => JSON.parse(text.slice(text.indexOf('[')));
  return {
    env: Object.fromEntries(
      rest('ENV')
        .split(' ')
        .map(pair => pair.split('=') as [string, string]),
    ),
    user: rest('USER'),
    workdir: rest('WORKDIR'),
    entrypoint: list(rest('ENTRYPOINT')),
    command: list(rest('CMD')),
    health: list(rest('HEALTHCHECK')),
    stopSignal: rest('STOPSIGNAL') as NodeJS.Signals,
  };
}

export interface Service {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly volumes: readonly string[];
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

/** The services, with the variables that `docker compose` would take from its environment. */
export function services(variables: Readonly<Record<string, string>>): Record<string, Service> {
  const text = readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8');
  return fill(parse(text, { merge: true }).services, variables) as Record<string, Service>;
}

function fill(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map(each => fill(each, variables));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, variables)]));
  if (typeof value !== 'string') return value;
  return value.replaceAll(/\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\})/g, (whole, name, kind, otherwise) => {
    if (whole === '$$') return '$';
    const given = variables[name];
    if (given) return given;
    if (kind === '-') return otherwise;
    throw new Error(`${name} is not set`);
  });
}
