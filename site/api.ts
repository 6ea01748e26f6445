/** The API reference: a Markdown page for each public declaration, from what the package's entries export. */
import { join, relative } from 'node:path';
import { Application, Converter, IntrinsicType } from 'typedoc';
import type { DeclarationReflection, ProjectReflection } from 'typedoc';
import { sourceOf } from '../scripts/build/entries.ts';
import { PAGES } from './pages.ts';
import { ROOT, addressOf, manifest } from './repository.ts';

const PROBLEMS =
  'The API reference has the problems above. Export a type that public declarations name from the entry, or list it in intentionallyNotExported of site/api.ts.';

const OUT = join(PAGES, 'api');

/** The source of each entry, and the name by which it is imported. */
function entries(): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue;
    found.set(sourceOf(target.types), `shardwright${key.slice(1)}`);
  }
  return found;
}

/** Names the modules as they are imported, and leaves out the type arguments of machines, which fill pages. */
function simplify(project: ProjectReflection, names: ReadonlyMap<string, string>): void {
  const order = [...names.values()];
  for (const module of project.children ?? []) {
    const source = module.sources?.[0]?.fullFileName;
    const name = source === undefined ? undefined : names.get(relative(ROOT, source).replaceAll('\\', '/'));
    if (name !== undefined) module.name = name;
    for (const child of module.children ?? []) {
      if (child.type?.type === 'reference' && child.type.name === 'StateMachine')
        child.type = new IntrinsicType('StateMachine');
    }
  }
  project.children?.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
}

/** Links names in comments which their files don't import, to the declaration of that name which an entry exports. */
function linkByName(project: ProjectReflection): void {
  const exported = (project.children ?? []).flatMap((module) => module.children ?? []);
  for (const { comment } of Object.values(project.reflections)) {
    for (const part of [comment?.summary ?? [], ...(comment?.blockTags ?? []).map(({ content }) => content)].flat()) {
      if (part.kind !== 'inline-tag' || part.tag !== '@link' || part.target !== undefined) continue;
      const [name, ...members] = part.text.trim().split('.');
      let found: DeclarationReflection | undefined = exported.find((child) => child.name === name);
      for (const member of members) found = found?.children?.find((child) => child.name === member);
      if (found !== undefined) part.target = found;
    }
  }
}

/** Writes the pages. Throws on a public type that no entry exports, and on a link that leads nowhere. */
export async function writeApi(): Promise<void> {
  const names = entries();
  const app = await Application.bootstrapWithPlugins({
    name: 'API reference',
    entryPoints: [...names.keys()].map((source) => join(ROOT, source)),
    tsconfig: join(ROOT, 'tsconfig.build.json'),
    plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
    out: OUT,
    readme: 'none',
    githubPages: false,
    disableGit: true,
    sourceLinkTemplate: addressOf('{path}#L{line}'),
    basePath: ROOT,
    // Types are checked in a step of their own.
    skipErrorChecking: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    sort: ['kind', 'alphabetical'],
    sortEntryPoints: false,
    logLevel: 'Warn',
    // Tables whose keys make a public type, and what only tests pass.
    intentionallyNotExported: [
      'CLOSE_REASONS',
      'FlightRecorderPorts',
      'HintsByGroup',
      'LOSSES',
      'RECORDS',
      'RecordFields',
      'UndocumentedEvent.Name',
    ],
    validation: { notExported: true, invalidLink: true, notDocumented: false, rewrittenLink: true },
  });
  app.options.setValue('docsRoot', PAGES);
  app.options.setValue('hidePageHeader', true);
  app.options.setValue('useCodeBlocks', true);
  app.options.setValue('parametersFormat', 'table');
  app.options.setValue('interfacePropertiesFormat', 'list');
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    simplify(project, names);
    linkByName(project);
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the sources');
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error(PROBLEMS);
}
