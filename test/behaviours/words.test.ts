/** What faults, errors and logs say: enough to act on, nothing secret, and nothing that a terminal would obey. */
import { Agent, createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Shard, ShardManager } from '../../src/index.ts';
import type { GatewayError, Logger } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { quickManager } from '../kit/live-manager.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const lookup: LookupFunction = (_host, { all }, callback) =>
  all === true
    ? callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ])
    : callback(null, '127.0.0.1', 4);

function recordingLogger() {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  return { logger, lines };
}

/** An error as HTTP clients throw it. */
const withRequest = (): Error =>
  Object.assign(new Error('socket hang up'), {
    code: 'ECONNRESET',
    request: { headers: { Authorization: `Bot ${TOKEN}`, 'Proxy-Authorization': 'Basic secret' } },
  });

describe('what is said', () => {
  test.each([
    ['a sign-in page', 200, '<html>please sign in</html>'],
    ['the page of a firewall', 403, '<html>error code: 1020</html>'],
    ['the page of a proxy', 404, '<html>not yet</html>'],
    ['an answer cut in the middle', 200, '{"url":"wss://gate'],
  ])('83. %s in the place of GET /gateway/bot is a fault, and the manager asks again', async (_, status, body) => {
    await using gateway = await FakeGateway.listen({ token: TOKEN });
    let asked = 0;
    await using manager = quickManager(gateway, {
      fetch: (...request) => ((asked += 1) <= 2 ? Promise.resolve(new Response(body, { status })) : fetch(...request)),
    });
    const faults: string[] = [];
    manager.on('fault', ({ code }) => faults.push(code));
    await manager.connect();
    expect(faults).toEqual(['GATEWAY_INFO_FAILED', 'GATEWAY_INFO_FAILED']);
  });

  test('83. a redirect to a sign-in page is a fault, and the manager asks again', async () => {
    await using gateway = await FakeGateway.listen({ token: TOKEN });
    let asked = 0;
    const portal = createServer(({ url, headers }, response) => {
      asked += 1;
      if (url === '/sign-in') response.end('<html>please sign in</html>');
      else if (asked <= 2) response.writeHead(302, { location: '/sign-in' }).end();
      else
        fetch(`${gateway.apiUrl}/gateway/bot`, { headers: { Authorization: headers.authorization ?? '' } })
          .then(async (answer) => response.end(await answer.text()))
          .catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void portal.close());
    const { port } = portal.address() as AddressInfo;
    await using manager = quickManager(gateway, { api: `http://127.0.0.1:${port}` });
    const faults: string[] = [];
    manager.on('fault', ({ code }) => faults.push(code));
    await manager.connect();
    expect(faults).toEqual(['GATEWAY_INFO_FAILED']);
  });

  test('84. a host whose addresses all refuse is named with each address and the code', async () => {
    const port = await closedPort();
    const { logger, lines } = recordingLogger();
    const agent = new Agent({ lookup });
    const url = `ws://gateway.example:${port}`;
    const shard = new Shard({ token: TOKEN, intents: 0, url, agent, timing: QUICK, logger });
    const reasons: string[] = [];
    shard.on('disconnected', ({ reason }) => reasons.push(reason));
    void shard.connect();
    const fault = await nextEvent(shard, 'fault');
    shard.forceClose();
    const text = `gateway.example:${port}: connect ECONNREFUSED 127.0.0.1:${port}; connect ECONNREFUSED 127.0.0.2:${port}`;
    expect(fault).toMatchObject({ code: 'CONNECTION_FAILED', message: text });
    expect(reasons).toContain(text);
    expect(lines).toContain(`shard 0: CONNECTION_FAILED: ${text}`);
  });

  test('84. a certificate that is not accepted is named as the reason, with a hint about certificates', async () => {
    const rejected = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    const createSocket = (): never => {
      throw rejected;
    };
    const shard = new Shard({ token: TOKEN, intents: 0, timing: QUICK, createSocket });
    void shard.connect();
    const fault = await nextEvent(shard, 'fault');
    shard.forceClose();
    expect(fault.message).toMatch(/: the certificate was not accepted: self-signed certificate/);
    expect(fault.hint).toMatch(/NODE_EXTRA_CA_CERTS/);
  });

  test('85. control characters that the gateway sends are escaped in messages and log lines', async () => {
    const reason = 'bye\u001B[2J\r\n12:00 ✓ ready';
    const escaped = String.raw`bye\u001b[2J\r\n12:00 ✓ ready`;
    const { logger, lines } = recordingLogger();
    await using kit = await liveShard({ logger });
    await kit.shard.connect();
    const failed = nextEvent(kit.shard, 'failed');
    kit.gateway.connections[0]?.close(4004, reason);
    expect((await failed).message).toBe(`the gateway closed the connection with 4004: ${escaped}`);
    expect(lines).toContain(`shard 0: AUTHENTICATION_FAILED: the gateway closed the connection with 4004: ${escaped}`);
  });

  test('86. the cause of a fault carries no request and no header', async () => {
    const faults: GatewayError[] = [];
    const manager = new ShardManager({
      token: TOKEN,
      intents: 0,
      timing: QUICK,
      fetch: () => Promise.reject(withRequest()),
    });
    const shard = new Shard({
      token: TOKEN,
      intents: 0,
      timing: QUICK,
      createSocket: () => {
        throw withRequest();
      },
    });
    for (const bot of [manager, shard]) {
      const fault = new Promise<GatewayError>((resolve) => (bot as Shard).on('fault', resolve));
      void bot.connect();
      faults.push(await fault);
      bot.forceClose();
    }
    expect(faults.map(({ cause }) => cause)).toMatchObject([{ code: 'ECONNRESET' }, { code: 'ECONNRESET' }]);
    const printed = inspect(faults, { depth: null, showHidden: true });
    expect([TOKEN, 'secret', 'uthorization'].filter((text) => printed.includes(text))).toEqual([]);
  });
});
