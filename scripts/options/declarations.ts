/** Reads the options and their TSDoc from the interfaces that declare them, so that docs/options.md can't differ. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@babel/parser';
import { ROOT } from '../run.ts';

export interface OptionDeclaration {
  readonly name: string;
  readonly isRequired: boolean;
  /** The type as it is declared, on one line. */
  readonly type: string;
  /** The TSDoc before its first block tag, on one line. */
  readonly description: string;
  /** The text of `@defaultValue`, or `null` without one. */
  readonly defaultText: string | null;
  /** The addresses behind `@see`. */
  readonly links: readonly string[];
}

export interface InterfaceDeclaration {
  readonly options: readonly OptionDeclaration[];
  /** Names that `extends Omit<…>` leaves out of the base interface. */
  readonly omitted: readonly string[];
}

type Statement = ReturnType<typeof parse>['program']['body'][number];
type Declared = Extract<Statement, { type: 'TSInterfaceDeclaration' | 'TSTypeAliasDeclaration' }>;

const onOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

class Declarations {
  readonly #source: string;
  readonly #body: readonly Statement[];

  constructor(file: string) {
    this.#source = readFileSync(join(ROOT, file), 'utf8');
    this.#body = parse(this.#source, { sourceType: 'module', plugins: ['typescript'] }).program.body;
  }

  /** @throws when the file declares no interface or type of this name */
  get(name: string): Declared {
    for (const statement of this.#body) {
      const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
      if (declared?.type !== 'TSInterfaceDeclaration' && declared?.type !== 'TSTypeAliasDeclaration') continue;
      if (declared.id.name === name) return declared;
    }
    throw new Error(`there is no declaration of ${name}`);
  }

  textOf({ start, end }: { readonly start?: number | null; readonly end?: number | null }): string {
    return onOneLine(this.#source.slice(start ?? 0, end ?? 0));
  }
}

/** Returns the text of a TSDoc comment by tag; the description has the tag ''. */
function tagsOf(comment: string): Map<string, string[]> {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, ''));
  const tags = new Map<string, string[]>();
  for (const part of lines.join('\n').split(/(?=(?<!\{)@(?:defaultValue|see|throws|remarks|example)\b)/)) {
    const [, tag = '', text = ''] = /^(?:@(\w+))?([\s\S]*)$/.exec(part) ?? [];
    tags.set(tag, [...(tags.get(tag) ?? []), onOneLine(text)]);
  }
  return tags;
}

/** Reads one interface. @throws when the file has no such interface, or an option in it has no TSDoc */
export function readInterface(file: string, name: string): InterfaceDeclaration {
  const declarations = new Declarations(file);
  const declared = declarations.get(name);
  if (declared.type !== 'TSInterfaceDeclaration') throw new Error(`${name} is not an interface`);
  const options = declared.body.body.map((member): OptionDeclaration => {
    if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier')
      throw new Error(`${name} has a member that is not a property`);
    const comment = member.leadingComments?.findLast(({ value }) => value.startsWith('*'))?.value;
    if (comment === undefined) throw new Error(`${name}.${member.key.name} has no TSDoc`);
    const tags = tagsOf(comment.slice(1));
    return {
      name: member.key.name,
      isRequired: member.optional !== true,
      type: declarations.textOf(member.typeAnnotation?.typeAnnotation ?? {}),
      description: tags.get('')?.[0] ?? '',
      defaultText: tags.get('defaultValue')?.[0] ?? null,
      links: tags.get('see') ?? [],
    };
  });
  const base = (declared.extends ?? []).map((heritage) => declarations.textOf(heritage)).join(' ');
  return { options, omitted: [...base.matchAll(/'(\w+)'/g)].map(([, omitted = '']) => omitted) };
}

/** Returns what a named type stands for, on one line: the right side of an alias, or the members of an interface. */
export function readType(file: string, name: string): string {
  const declarations = new Declarations(file);
  const declared = declarations.get(name);
  if (declared.type === 'TSTypeAliasDeclaration') return declarations.textOf(declared.typeAnnotation);
  return `{ ${declared.body.body.map((member) => declarations.textOf(member).replace(/;$/, '')).join('; ')} }`;
}
