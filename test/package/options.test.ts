/** docs/options.md is generated from TSDoc. These tests keep the TSDoc itself true. */
import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { OPTIONS_PAGE, optionsPage, readOptions } from '../../scripts/options/page.ts';
import type { OptionDeclaration } from '../../scripts/options/declarations.ts';
import { systemClock } from '../../src/clock.ts';
import { MemoryIdentifyGate } from '../../src/identify/memory-identify-gate.ts';
import { resolveManagerOptions } from '../../src/manager/manager-options.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { resolveOptions } from '../../src/shard/shard-options.ts';

type Resolved = Readonly<Record<string, unknown>>;

const REQUIRED = { token: 'token', intents: 1 };
const SHARD: Resolved = resolveOptions(REQUIRED);
const MANAGER: Resolved = resolveManagerOptions(REQUIRED);

/** Where the resolved options keep an option under another name. */
const RESOLVED_NAMES: Readonly<Record<string, string>> = { sessionStartReserve: 'reserve' };

/** What a default written as an expression may name. */
const SCOPE = { MemoryIdentifyGate, MemorySessionStore, systemClock, process, Math, fetch, undefined };

/** Defaults that a sentence describes, each with the check that the resolved options do what it says. */
const DESCRIBED: Readonly<Record<string, (resolved: unknown) => void>> = {
  events: (resolved) => expect(resolved).toBeNull(),
  session: (resolved) => expect(resolved).toBeNull(),
  largeThreshold: (resolved) => expect(resolved).toBeUndefined(),
  presence: (resolved) => expect(resolved).toBeUndefined(),
  agent: (resolved) => expect(resolved).toBeUndefined(),
  inspect: (resolved) => expect(resolved).toBeUndefined(),
};

const resolvedValue = (name: string, resolved: Resolved): unknown =>
  name.split('.').reduce<unknown>((value, key) => (value as Resolved)[RESOLVED_NAMES[key] ?? key], resolved);

/** Returns the expression that a default begins with: a number, or code in backticks. */
const expressionIn = (text: string): string | undefined =>
  /^(?:`([^`]+)`|(\d[\d_.]*))/.exec(text)?.slice(1).find(Boolean);

const declarations = readOptions().flatMap(({ name, shard, manager }) => [
  ...(shard === null ? [] : [[`Shard: ${name}`, name, shard, SHARD] as const]),
  ...(manager === null ? [] : [[`ShardManager: ${name}`, name, manager, MANAGER] as const]),
]);
const optional = declarations.filter(([, , { isRequired }]) => !isRequired);

function expectDefault(name: string, { defaultText }: OptionDeclaration, resolved: Resolved): void {
  const actual = resolvedValue(name, resolved);
  const expression = expressionIn(defaultText ?? '');
  const described = DESCRIBED[name];
  if (described !== undefined) return described(actual);
  expect(expression, `@defaultValue of ${name} begins with a value: ${defaultText}`).toBeDefined();
  const documented: unknown = runInNewContext(`(${expression})`, SCOPE);
  if (typeof documented === 'object' && documented !== null && !Array.isArray(documented)) {
    const { constructor } = documented;
    if (constructor === MemorySessionStore) return expect(actual).toBeInstanceOf(MemorySessionStore);
  }
  expect(JSON.stringify(actual)).toBe(JSON.stringify(documented));
  if (typeof documented === 'function') expect(actual).toBe(documented);
}

describe('docs/options.md', () => {
  test('equals what `npm run options` generates from the declarations', async () => {
    expect(await readFile(OPTIONS_PAGE, 'utf8')).toBe(optionsPage());
  });

  test('fails to generate when an option is in no group', () => {
    const [token] = readOptions();
    expect(() => optionsPage([{ ...token!, name: 'brandNew' }])).toThrow('brandNew is in 0 groups');
  });
});

describe('the TSDoc of an option', () => {
  test.each(declarations)('%s says what the option does', (_title, _name, { description }) => {
    expect(description).not.toBe('');
  });

  test.each(optional)('%s has a @defaultValue', (_title, _name, { defaultText }) => {
    expect(defaultText).not.toBeNull();
  });

  test.each(optional)('%s documents the default that the code resolves', (_title, name, declared, resolved) => {
    expectDefault(name, declared, resolved);
  });
});
