/** What deploy holds, against the program: commands, options, variables, paths, and what the files say of one another. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { LEAVE_WITHIN_MS } from '../../src/execute/queue/index.js';
import { type DeclaredCommand, declaredCommands } from '../support/commands.js';
import { DEPLOY, imageSettings, services, stages } from './files.js';

// biome-ignore lint/suspicious/noExplicitAny: manifests are looked at in many shapes.
type Manifest = any;

const VARIABLES = { REDIS_PASSWORD: 'password', ESPALIER_TOKEN: 'token' };
const composed = services(VARIABLES);
const image = imageSettings();
const read = (...path: string[]) => readFileSync(join(...path), 'utf8');
const manifest = JSON.parse(read(PACKAGE_ROOT, 'package.json'));
const kubernetes: Manifest[] = readdirSync(join(DEPLOY, 'kubernetes')).flatMap(name =>
  parseAllDocuments(read(DEPLOY, 'kubernetes', name)).map(document => document.toJS()),
);
const ofKind = (kind: string): Manifest[] => kubernetes.filter(each => each.kind === kind);
const templates = () =>
  ['Deployment', 'Job', 'StatefulSet']
    .flatMap(ofKind)
    .map(({ metadata, spec }) => ({ name: metadata.name, ...spec.template }));
const ours = () =>
  templates()
    .flatMap(({ name, spec }) => spec.containers.map((each: Manifest) => ({ name, spec, ...each })))
    .filter(each => each.image.startsWith('espalier'));

/** Command lines of the program in a script of the shell, with continued lines joined, and variables as they stand. */
function commandLines(script: string): string[][] {
  const lines = script
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter(line => !line.trim().startsWith('#'));
  return lines.flatMap(line => {
    const [, rest] = /(?:^|[;&|]|exec)\s*espalier ([^;&|>]*)/.exec(line) ?? [];
    return rest ? [[...rest.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word.replaceAll('"', ''))] : [];
  });
}

describe('command lines in deploy', () => {
  let commands: readonly DeclaredCommand[];
  beforeAll(async () => {
    commands = await declaredCommands();
  });

  function check(argv: readonly string[]): void {
    if (argv[0]!.startsWith('--')) {
      expect(['--help', '--version']).toContain(argv[0]);
      return;
    }
    const command = commands.find(({ name }) => name === argv[0]);
    expect(command, argv.join(' ')).toBeDefined();
    const { names, boolean, demanded, positionals } = command!;
    const arguments_: string[] = [];
    for (let i = 1; i < argv.length; i++) {
      const word = argv[i]!;
      if (word === '$@' || word.endsWith('[@]}')) continue;
      if (!word.startsWith('--')) {
        arguments_.push(word);
        continue;
      }
      expect(names, argv.join(' ')).toContain(word.slice(2));
      if (!boolean.includes(word.slice(2))) expect(argv[++i], word).toBeDefined();
    }
    const [least, most] = [positionals.filter(name => demanded.includes(name)).length, positionals.length];
    const isEnough = argv.some(word => word.includes('[@]')) || arguments_.length >= least;
    expect(isEnough && arguments_.length <= most, argv.join(' ')).toBe(true);
  }

  it('are known, with their options, in the Dockerfile and the compose file', () => {
    const commands = Object.values(composed).flatMap(each =>
      each.image === 'espalier' ? [each.command] : [],
    );
    expect(commands.map(([name]) => name)).toEqual(['run', 'worker', 'serve']);
    expect(image.entrypoint).toEqual(Object.keys(manifest.bin));
    expect(image.health[0]).toBe(image.entrypoint[0]);
    for (const argv of [...commands, image.command, image.health.slice(1)]) check(argv);
  });

  it('in the manifests', () => {
    expect(
      ours()
        .map(({ args }) => args[0])
        .sort(),
    ).toEqual(['run', 'worker']);
    for (const { args } of ours()) check(args);
  });

  it('in the scripts of Slurm', () => {
    const scripts = readdirSync(join(DEPLOY, 'slurm')).map(name => commandLines(read(DEPLOY, 'slurm', name)));
    expect(scripts.map(lines => lines.map(([name]) => name))).toEqual([
      ['merge', 'status'],
      ['merge', 'run'],
      ['worker'],
    ]);
    for (const argv of scripts.flat()) check(argv);
  });
});

it('names variables that the program reads', () => {
  const set = [
    ...Object.values(composed).flatMap(({ image, environment }) =>
      image === 'espalier' ? Object.keys(environment) : [],
    ),
    ...ours().flatMap(({ env }) => env.map(({ name }: Manifest) => name)),
    ...Object.keys(image.env),
  ];
  const sources = readdirSync(join(PACKAGE_ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => read(PACKAGE_ROOT, 'src', name))
    .join();
  expect(set.length).toBeGreaterThan(6);
  for (const name of new Set(set)) if (name !== 'NODE_ENV') expect(sources, name).toContain(`env.${name}`);
});

describe('the image', () => {
  const [compile, last] = stages() as [ReturnType<typeof stages>[0], ReturnType<typeof stages>[0]];
  const runs = [...compile.instructions, ...last.instructions]
    .filter(({ word }) => word === 'RUN')
    .map(({ rest }) => rest);

  it('is made of the tarball of npm pack', () => {
    const tarball = /espalier-\*\.tgz/;
    expect(`${basename(manifest.name)}-${manifest.version}.tgz`).toMatch(/^espalier-.*\.tgz$/);
    expect(compile.instructions.find(({ word }) => word === 'COPY')!.rest).toMatch(tarball);
    expect(read(DEPLOY, 'Dockerfile.dockerignore').trim().split('\n')).toEqual(['*', '!espalier-*.tgz']);
    const install = runs.find(command => command.includes('npm install'));
    expect(install).toMatch(tarball);
    // Native parts of packages are optional ones of theirs.
    expect(install).not.toContain('--omit=optional');
    // What its script of installation needs is in it.
    const [, script] = /^node (\S+)$/.exec(manifest.scripts.install)!;
    expect(manifest.files).toContain(script!.slice(0, script!.lastIndexOf('/')));
  });

  it('has a Node that the package takes, and leads to its program', () => {
    const from = read(DEPLOY, 'Dockerfile').match(/^FROM node:(\d+)-bookworm-slim/gm)!;
    expect(from).toHaveLength(2);
    expect(new Set(from).size).toBe(1);
    expect(manifest.engines.node).toMatch(new RegExp(`^>=${/\d+/.exec(from[0])![0]}\\.`));
    const prefix = /--prefix (\S+)/.exec(runs.join())![1];
    expect(runs.join()).toContain(`ln -s ${prefix}/node_modules/.bin/${image.entrypoint[0]} /usr/local/bin/`);
  });

  it('gives its user the folders that are volumes of services', () => {
    const owned = / -d -o (\S+) -g \S+ (.*)$/.exec(runs.at(-1)!)!;
    expect(image.user).not.toBe('root');
    expect(owned[1]).toBe(image.user);
    for (const { image: name, volumes } of Object.values(composed))
      for (const [from, to] of name === 'espalier' ? (volumes ?? []).map(text => text.split(':')) : [])
        if (!from!.startsWith('.')) expect(owned[2]!.split(' '), from).toContain(to);
    expect(owned[2]!.split(' ')).toContain(image.workdir);
    expect(owned[2]!.split(' ')).toContain(image.env.ESPALIER_DATA_DIR);
  });
});

describe('the compose file', () => {
  it('refers to what there is', () => {
    const text = parseAllDocuments(read(DEPLOY, 'compose.yaml'), { merge: true })[0]!.toJS();
    for (const { build } of Object.values<Manifest>(text.services))
      if (build) expect(existsSync(join(DEPLOY, build.context, build.dockerfile))).toBe(true);
    const { run, page } = composed;
    expect(existsSync(join(DEPLOY, '..', run!.command[1]!.slice(1)))).toBe(true);
    expect(run!.volumes).toContain('../sweeps:/sweeps:ro');
    expect(page!.command[1]).toBe(run!.command[run!.command.indexOf('--db') + 1]);
    const named = Object.values(composed).flatMap(({ volumes = [] }) =>
      volumes.map(each => each.split(':')[0]!),
    );
    expect(new Set(named.filter(name => !name.startsWith('.')))).toEqual(new Set(Object.keys(text.volumes)));
    for (const { depends_on = {} } of Object.values(composed))
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(condition).toBe('service_healthy');
        expect(composed[name]!.healthcheck).toBeDefined();
      }
    const [host, port] = new URL(composed.worker!.environment.ESPALIER_QUEUE!).host.split(':');
    expect([host, port]).toEqual(['redis', '6379']);
  });

  it('gives runs and workers the time that they need to leave', () => {
    for (const name of ['run', 'worker'])
      expect(1000 * Number.parseInt(composed[name]!.stop_grace_period!, 10)).toBeGreaterThan(LEAVE_WITHIN_MS);
  });
});

describe('the manifests', () => {
  it('select, mount and ask for what they declare', () => {
    const secret = Object.keys(ofKind('Secret')[0].stringData);
    for (const { name, spec, metadata } of templates()) {
      const owner = kubernetes.find(each => each.metadata.name === name && each.spec.template);
      expect(metadata.labels).toMatchObject(owner.spec.selector?.matchLabels ?? {});
      const claims = owner.spec.volumeClaimTemplates ?? [];
      const volumes = [...(spec.volumes ?? []), ...claims.map((each: Manifest) => each.metadata)].map(
        each => each.name,
      );
      for (const container of spec.containers) {
        for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
        for (const { valueFrom } of container.env) {
          expect(valueFrom.secretKeyRef.name).toBe(ofKind('Secret')[0].metadata.name);
          expect(secret).toContain(valueFrom.secretKeyRef.key);
        }
      }
    }
    const [service] = ofKind('Service');
    for (const { metadata, spec } of templates().filter(({ name }) => name === service.metadata.name)) {
      expect(metadata.labels).toMatchObject(service.spec.selector);
      expect(spec.containers[0].ports[0].containerPort).toBe(service.spec.ports[0].port);
    }
    const address = `redis://${service.metadata.name}:${service.spec.ports[0].port}`;
    expect(ours().find(({ args }) => args[0] === 'run').args).toContain(address);
    expect(ofKind('Secret')[0].stringData.queue.replace(/:[^:]*@/, '')).toBe(address);
    const [{ spec: policy }] = ofKind('NetworkPolicy');
    const allowed = policy.ingress[0].from[0].podSelector.matchLabels;
    for (const { name, metadata } of templates())
      if (name !== service.metadata.name) expect(metadata.labels).toMatchObject(allowed);
    const claimed = templates()
      .flatMap(({ spec }) => spec.volumes ?? [])
      .flatMap(each => each.persistentVolumeClaim?.claimName ?? []);
    expect(claimed).toEqual(ofKind('PersistentVolumeClaim').map(each => each.metadata.name));
  });

  it('let nobody be root or write to the image, and give time to leave', () => {
    for (const { spec } of templates()) expect(spec.securityContext.runAsNonRoot).toBe(true);
    for (const { spec, securityContext, volumeMounts } of ours()) {
      expect(spec.securityContext.runAsUser).toBe(1000);
      expect(securityContext.readOnlyRootFilesystem).toBe(true);
      expect(volumeMounts.map(({ mountPath }: Manifest) => mountPath)).toEqual(
        expect.arrayContaining(['/tmp', '/data']),
      );
      expect(1000 * spec.terminationGracePeriodSeconds).toBeGreaterThan(2 * LEAVE_WITHIN_MS);
    }
  });
});
