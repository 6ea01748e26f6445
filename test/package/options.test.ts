/** docs/options.md is generated from TSDoc. These tests keep the page up to date, and its defaults true. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import { OPTIONS_PAGE, optionsPage, readConsumerOptions, readOptions } from '../../scripts/options/page.ts';
import { systemClock } from '../../src/clock.ts';
import { resolveConsumerOptions } from '../../src/cluster/consumer/consumer-options.ts';
import { memoryEngine } from '../../src/cluster/memory/memory-engine.ts';
import { createWebSocket } from '../../src/connection/web-socket.ts';
import { InstrumentedIdentifyGate } from '../../src/identify/instrumented-identify-gate.ts';
import { resolveManagerOptions } from '../../src/manager/manager-options.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import { silentLogger } from '../../src/shard/logger.ts';
import { resolveOptions } from '../../src/shard/shard-options.ts';

type Resolved = Readonly<Record<string, unknown>>;

const REQUIRED = { token: 'token', intents: 1 };
const SHARD: Resolved = resolveOptions(REQUIRED);
/** The options of a cluster have defaults only in one. */
const { cluster } = resolveManagerOptions({ ...REQUIRED, engine: memoryEngine() });
const MANAGER: Resolved = {
  ...resolveManagerOptions(REQUIRED),
  node: cluster?.node,
  publish: cluster?.publish,
  rebalance: { maxMovesPerSecond: cluster?.maxMovesPerSecond },
};
const CONSUMER: Resolved = resolveConsumerOptions({ engine: memoryEngine(), group: 'bot' });

/** The options that the resolved options keep under another name. */
const RESOLVED_NAMES: Readonly<Record<string, string>> = {
  sessionStartReserve: 'reserve',
  proxy: 'selectProxy',
  engine: 'cluster',
};

/** The values that a `@defaultValue` may name. */
const SCOPE = { systemClock, Math, fetch };

const EXAMPLE_URL = new URL('wss://gateway.discord.gg/');

interface DescribedDefault {
  readonly text: string;
  readonly isTrueOf: (resolved: unknown) => boolean;
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];

/** The defaults that are described in words, with the check that the resolved options do what the words say. */
const DESCRIBED: Readonly<Record<string, DescribedDefault>> = {
  allowedHosts: {
    text: 'any host, but never `ws://` if `url` is `wss://`',
    isTrueOf: (resolved) => resolved === null,
  },
  events: { text: 'all events', isTrueOf: (resolved) => resolved === null },
  largeThreshold: { text: 'not sent; Discord then uses `50`', isTrueOf: (resolved) => resolved === undefined },
  presence: { text: 'online, without an activity', isTrueOf: (resolved) => resolved === undefined },
  properties: {
    text: "`os`: the platform; `browser` and `device`: `'shardwright'`",
    isTrueOf: (resolved) =>
      JSON.stringify(resolved) ===
      JSON.stringify({ os: process.platform, browser: 'shardwright', device: 'shardwright' }),
  },
  sessionStore: { text: 'a new `MemorySessionStore`', isTrueOf: (resolved) => resolved instanceof MemorySessionStore },
  identifyGate: {
    text: 'a new `MemoryIdentifyGate` for this shard alone',
    isTrueOf: (resolved) => resolved instanceof InstrumentedIdentifyGate,
  },
  timing: {
    text: 'the defaults of {@link ShardTiming}',
    isTrueOf: (resolved) => JSON.stringify(resolved) === JSON.stringify(DEFAULT_TIMING),
  },
  rewriteUrl: {
    text: 'returns the URL unchanged',
    isTrueOf: (resolved) => (resolved as (url: URL) => URL)(EXAMPLE_URL) === EXAMPLE_URL,
  },
  proxy: {
    text: 'the environment variable HTTPS_PROXY or ALL_PROXY',
    isTrueOf: (resolved) => (resolved === null) === PROXY_VARIABLES.every((name) => (process.env[name] ?? '') === ''),
  },
  agent: { text: 'the agent of Node', isTrueOf: (resolved) => resolved === undefined },
  createSocket: { text: 'opens a socket of `ws`', isTrueOf: (resolved) => resolved === createWebSocket },
  logger: { text: 'logs nothing', isTrueOf: (resolved) => resolved === silentLogger },
  threadUrl: { text: 'the file in this package', isTrueOf: (resolved) => resolved === null },
  engine: { text: 'no engine', isTrueOf: (resolved) => resolved === null },
  node: {
    text: 'the host name, the process id and a random part',
    isTrueOf: (resolved) => String(resolved).startsWith(`${hostname()}-${process.pid}-`),
  },
  consumer: {
    text: 'the host name, the process id and a random part',
    isTrueOf: (resolved) => String(resolved).startsWith(`${hostname()}-${process.pid}-`),
  },
  publish: { text: '`false`', isTrueOf: (resolved) => resolved === null },
  inspect: { text: 'no observer', isTrueOf: (resolved) => resolved === undefined },
};

const resolvedValue = (name: string, resolved: Resolved): unknown =>
  name.split('.').reduce<unknown>((value, key) => (value as Resolved)[RESOLVED_NAMES[key] ?? key], resolved);

/** Returns the value that a default begins with: a number, or an expression in backticks. @throws without one */
function documentedValue(defaultText: string | null): unknown {
  const [, code, number] = /^(?:`([^`]+)`|(\d[\d_]*))/.exec(defaultText ?? '') ?? [];
  if (code === undefined && number === undefined) throw new Error(`${defaultText} does not begin with a value`);
  return runInNewContext(`(${code ?? number})`, SCOPE);
}

const ofConsumer = readConsumerOptions().flatMap(({ name, shard }) =>
  shard === null ? [] : [{ title: `DispatchConsumer: ${name}`, name, declared: shard, resolved: CONSUMER }],
);
const declarations = readOptions().flatMap(({ name, shard, manager }) => [
  ...(shard === null ? [] : [{ title: `Shard: ${name}`, name, declared: shard, resolved: SHARD }]),
  ...(manager === null ? [] : [{ title: `ShardManager: ${name}`, name, declared: manager, resolved: MANAGER }]),
]);
const all = [...declarations, ...ofConsumer];
const optional = all.filter(({ declared }) => !declared.isRequired);

describe('docs/options.md', () => {
  test('equals what `npm run options` generates from the declarations', async () => {
    expect(await readFile(OPTIONS_PAGE, 'utf8')).toBe(optionsPage());
  });

  test('can not be generated when an option is in no group', () => {
    const [token] = readOptions();
    expect(() => optionsPage([{ ...token!, name: 'brandNew' }])).toThrow('brandNew is in 0 groups');
  });
});

describe('the TSDoc of an option', () => {
  test.each(all)('$title says what the option does', ({ declared }) => {
    expect(declared.description).not.toBe('');
  });

  test.each(optional)('$title has a @defaultValue', ({ declared }) => {
    expect(declared.defaultText).not.toBeNull();
  });

  test.each(optional.filter(({ name }) => !Object.hasOwn(DESCRIBED, name)))(
    '$title documents the default that the code resolves',
    ({ name, declared, resolved }) => {
      expect(resolvedValue(name, resolved)).toEqual(documentedValue(declared.defaultText));
    },
  );

  test.each(optional.filter(({ name }) => Object.hasOwn(DESCRIBED, name)))(
    '$title describes the default that the code resolves',
    ({ name, declared, resolved }) => {
      expect(declared.defaultText).toBe(DESCRIBED[name]!.text);
      expect(resolvedValue(name, resolved)).toSatisfy(DESCRIBED[name]!.isTrueOf);
    },
  );
});
