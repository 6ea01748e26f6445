/** Proxies between the bot and Discord: real ones on loopback, good and bad. */
import { Agent } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Shard } from '../../src/index.ts';
import type { GatewayError, Logger } from '../../src/index.ts';
import { liveManager, nextEvent as nextOfManager } from '../kit/live-manager.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { httpProxy, oddProxy, socksProxy } from '../kit/proxies.ts';
import type { TestProxy } from '../kit/proxies.ts';
import { tlsServer } from '../kit/tls-server.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const CREDENTIALS = { username: 'bot', password: 'p@ss:word/1' };
const WITH_PASSWORD = `bot:${encodeURIComponent(CREDENTIALS.password)}@`;

const hostOf = (url: string): string => new URL(url).host;
const portOf = (host: string): number => Number(host.split(':').at(-1));

/** Sets variables of the environment until the test is over. */
function setEnvironment(variables: Readonly<Record<string, string>>): void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  onTestFinished(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });
}

type Kind = readonly [name: string, scheme: string, start: () => Promise<TestProxy>, user: string];

const KINDS: readonly Kind[] = [
  ['an HTTP proxy', 'http', () => httpProxy(), ''],
  ['an HTTP proxy with a password', 'http', () => httpProxy({ credentials: CREDENTIALS }), WITH_PASSWORD],
  ['a SOCKS5 proxy', 'socks5', () => socksProxy(), ''],
  ['a SOCKS5 proxy with a password', 'socks5', () => socksProxy({ credentials: CREDENTIALS }), WITH_PASSWORD],
];

describe('a bot behind a proxy', () => {
  test.each(KINDS)(
    '118. a shard reaches the gateway and the resume host through %s',
    async (_, scheme, start, user) => {
      await using proxy = await start();
      await using kit = await liveShard({ proxy: `${scheme}://${user}${proxy.host}` });
      await kit.shard.connect();
      kit.gateway.connections.at(-1)!.terminate();
      await nextEvent(kit.shard, 'resumed');
      expect(proxy.targets).toEqual([hostOf(kit.gateway.url), hostOf(kit.gateway.resumeUrl)]);
      expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
      await kit.shard.disconnect();
      expect(kit.events.faults).toEqual([]);
    },
  );

  test.each(
    KINDS.flatMap(([name, scheme, start, user]) =>
      [0, 2].map((workers) => [name, workers, scheme, start, user] as const),
    ),
  )(
    '118. a manager reaches GET /gateway/bot and the gateway through %s, with %i workers',
    async (_, workers, scheme, start, user) => {
      await using proxy = await start();
      await using live = await liveManager({ shards: 2, workers, proxy: `${scheme}://${user}${proxy.host}` });
      await live.manager.connect();
      const [api, gateway] = [hostOf(live.gateway.apiUrl), hostOf(live.gateway.url)];
      expect(proxy.targets).toEqual([api, gateway, gateway]);
    },
  );

  test.each([0, 1])(
    '118. the environment names the proxy of a manager with %i workers, less NO_PROXY',
    async (workers) => {
      await using proxy = await httpProxy();
      setEnvironment({ HTTPS_PROXY: `http://${proxy.host}`, NO_PROXY: 'localhost' });
      await using proxied = await liveManager({ shards: 1, workers });
      await proxied.manager.connect();
      expect(proxy.targets).toHaveLength(2);
      for (const options of [{ proxy: false as const }, {}]) {
        if (!('proxy' in options)) setEnvironment({ NO_PROXY: '127.0.0.1' });
        await using direct = await liveManager({ shards: 1, workers, ...options });
        await direct.manager.connect();
      }
      expect(proxy.targets).toHaveLength(2);
    },
  );

  test('118. an agent of the user is used instead of a proxy', async () => {
    await using proxy = await httpProxy();
    await using kit = await liveShard({ proxy: `http://${proxy.host}`, agent: new Agent() });
    await kit.shard.connect();
    expect(proxy.targets).toEqual([]);
  });
});

describe('TLS through a proxy', () => {
  test('118. a wss:// gateway is reached through an https:// proxy', async () => {
    // Trusts the certificate of the tests.
    setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    await using plainProxy = await httpProxy();
    await using proxy = await tlsServer(portOf(plainProxy.host));
    await using kit = await liveShard();
    await using gateway = await tlsServer(portOf(hostOf(kit.gateway.url)));
    const shard = new Shard({ token: TOKEN, intents: 0, url: `wss://${gateway.host}`, proxy: `https://${proxy.host}` });
    await shard.connect();
    await shard.disconnect();
    expect(plainProxy.targets).toEqual([gateway.host]);
  });

  test.each([
    ['http', () => httpProxy()],
    ['socks5', () => socksProxy()],
  ] as const)('118. the certificate of the gateway is checked through an %s proxy', async (scheme, start) => {
    await using proxy = await start();
    await using kit = await liveShard();
    await using gateway = await tlsServer(portOf(hostOf(kit.gateway.url)));
    const options = { token: TOKEN, intents: 0, url: `wss://${gateway.host}`, proxy: `${scheme}://${proxy.host}` };
    const shard = new Shard(options);
    shard.connect().catch(() => undefined);
    const fault = await nextEvent(shard, 'fault');
    await shard.disconnect();
    expect(fault.code).toBe('CONNECTION_FAILED');
    expect(fault.message).toMatch(/certificate was not accepted/);
    expect(fault.message).toMatch(new RegExp(`through the proxy ${proxy.host}$`));
    expect(fault.hint).toMatch(/NODE_EXTRA_CA_CERTS/);
  });
});

/** What a proxy may do instead of connecting, and what the fault says about it. */
const REFUSALS = [
  [
    'an HTTP proxy that answers 403',
    'http',
    () => httpProxy({ status: 403 }),
    /refused a connection to 127\.0\.0\.1:\d+: 403 Forbidden$/,
  ],
  [
    'an HTTP proxy that answers 502',
    'http',
    () => httpProxy({ status: 502 }),
    /refused a connection to 127\.0\.0\.1:\d+: 502 Bad Gateway$/,
  ],
  [
    'a SOCKS5 proxy that refuses',
    'socks5',
    () => socksProxy({ reply: 2 }),
    /refused a connection to 127\.0\.0\.1:\d+: NotAllowed$/,
  ],
  [
    'a proxy that hangs up',
    'http',
    () => oddProxy((client) => client.end()),
    /closed the connection before it answered$/,
  ],
  [
    'a SOCKS5 proxy that hangs up',
    'socks5',
    () => oddProxy((client) => client.end()),
    /closed the connection before it answered$/,
  ],
  [
    'a server that is no HTTP proxy',
    'http',
    () => oddProxy((client) => client.end('220 mail ready\r\n')),
    /does not answer as an HTTP proxy does: /,
  ],
  [
    'a server that is no SOCKS5 proxy',
    'socks5',
    () => oddProxy((client) => client.end('220 mail ready\r\n')),
    /does not answer as a SOCKS5 proxy does: /,
  ],
  [
    'a proxy whose answer has no end',
    'http',
    () => oddProxy((client) => client.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(1e6)}`)),
    /does not answer as an HTTP proxy does: /,
  ],
] as const satisfies (readonly [string, string, () => Promise<TestProxy>, RegExp])[];

describe('a proxy that fails', () => {
  test.each(REFUSALS)(
    '119. %s is a fault that names it, and the shard tries again',
    async (_, scheme, start, words) => {
      await using proxy = await start();
      await using kit = await liveShard({ proxy: `${scheme}://${proxy.host}` });
      kit.shard.connect().catch(() => undefined);
      const [first, second] = [await nextEvent(kit.shard, 'fault'), await nextEvent(kit.shard, 'fault')];
      await kit.shard.disconnect();
      for (const fault of [first, second]) {
        expect(fault.code).toBe('PROXY_FAILED');
        expect(fault.message).toContain(`the proxy ${proxy.host} `);
        expect(fault.message).toMatch(words);
        expect(fault.hint).toMatch(/option proxy/);
      }
      expect(kit.events.of('failed')).toEqual([]);
      expect(kit.gateway.connections).toHaveLength(0);
    },
  );

  test.each(REFUSALS)(
    '119. %s in front of GET /gateway/bot is a fault that names it, and the manager asks again',
    async (_, scheme, start, words) => {
      await using proxy = await start();
      await using live = await liveManager({ proxy: `${scheme}://${proxy.host}` });
      live.manager.connect().catch(() => undefined);
      for (let faults = 0; faults < 2; faults += 1) {
        const [fault] = await nextOfManager(live.manager, 'fault');
        expect(fault.code).toBe('PROXY_FAILED');
        expect(fault.message).toContain(`the proxy ${proxy.host} `);
        expect(fault.message).toMatch(words);
      }
    },
  );

  test.each(['http', 'socks5'])(
    '119. a proxy that never answers (%s) is named by the timeout, and keeps no connection',
    async (scheme) => {
      await using proxy = await oddProxy(() => undefined);
      const options = { proxy: `${scheme}://${proxy.host}`, timing: { connectTimeoutMs: 100, backoffCapMs: 50 } };
      await using kit = await liveShard(options);
      kit.shard.connect().catch(() => undefined);
      const fault = await nextEvent(kit.shard, 'fault');
      await kit.shard.disconnect();
      await using live = await liveManager(options);
      live.manager.connect().catch(() => undefined);
      const [ofManager] = await nextOfManager(live.manager, 'fault');
      await live.manager.disconnect();
      expect(fault).toMatchObject({
        code: 'CONNECT_TIMEOUT',
        message: `the socket did not open within connectTimeoutMs; the connection goes through the proxy ${proxy.host}`,
      });
      expect(ofManager).toMatchObject({
        code: 'GATEWAY_INFO_FAILED',
        message: `GET /gateway/bot was not answered within connectTimeoutMs; the connection goes through the proxy ${proxy.host}`,
      });
      await expect.poll(() => proxy.open).toBe(0);
    },
  );

  test('119. a shard whose proxy dies comes back through it, and loses nothing', async () => {
    await using proxy = await httpProxy();
    await using kit = await liveShard({ proxy: `http://${proxy.host}` });
    await kit.shard.connect();
    proxy.cut();
    await nextEvent(kit.shard, 'disconnected');
    kit.gateway.dispatch('MESSAGE_CREATE', { id: '1' });
    await nextEvent(kit.shard, 'resumed');
    expect(kit.events.dispatched).toEqual(['READY', 'MESSAGE_CREATE', 'RESUMED']);
    expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });
});

describe('the password of a proxy', () => {
  test.each([
    ['http', 'no password', '', /wants a user name and a password: 407 Proxy Authentication Required/],
    ['http', 'a wrong password', 'bot:secret-word@', /does not accept the user name and the password: 407/],
    ['socks5', 'no password', '', /wants a user name and a password: /],
    ['socks5', 'a wrong password', 'bot:secret-word@', /does not accept the user name and the password: /],
  ] as const)(
    '120. with %s, %s is a fault that says what to do, and the next attempt is not soon',
    async (scheme, _, user, words) => {
      await using proxy = await (scheme === 'http' ? httpProxy : socksProxy)({ credentials: CREDENTIALS });
      const lines: string[] = [];
      const log = (line: string): void => void lines.push(line);
      const logger: Logger = { debug: log, info: log, warn: log, error: log };
      const options = { proxy: `${scheme}://${user}${proxy.host}`, logger };
      await using kit = await liveShard(options);
      kit.shard.connect().catch(() => undefined);
      await using live = await liveManager(options);
      live.manager.connect().catch(() => undefined);
      const faults: GatewayError[] = [
        await nextEvent(kit.shard, 'fault'),
        (await nextOfManager(live.manager, 'fault'))[0],
      ];
      for (const fault of faults) {
        expect(fault.code).toBe('PROXY_AUTHENTICATION_FAILED');
        expect(fault.message).toContain(`the proxy ${proxy.host} `);
        expect(fault.message).toMatch(words);
        expect(fault.hint).toMatch(/name:password@/);
      }
      expect(kit.events.of('disconnected')[0]?.reason).toMatch(/the shard waits at least 30 s$/);
      expect(live.manager.actor.getSnapshot().context.retryAfterMs).toBe(30_000);
      const snapshots = [kit.shard.actor.getSnapshot(), live.manager.actor.getSnapshot(), live.manager.status()];
      const all = [faults, lines, kit.events.all, kit.shard, live.manager, snapshots];
      const printed = inspect(all, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null });
      expect(printed).toContain(proxy.host);
      expect(printed).not.toContain('secret-word');
    },
  );
});
