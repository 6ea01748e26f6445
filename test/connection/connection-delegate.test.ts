/** What a connection asks of its shard, call by call. */
import { Agent } from 'node:http';
import { describe, expect, test } from 'vitest';
import { openSocket } from '../../src/connection/web-socket.ts';
import type { SocketOptions } from '../../src/connection/web-socket.ts';
import { liveShard, reaches } from '../kit/live-shard.ts';
import { RecordingSocket, bareConnection } from './bare-connection.ts';

const READY = { op: 0, t: 'READY', s: 1, d: { session_id: 'abc', resume_gateway_url: 'wss://resume.test' } };
const RESUMED = { op: 0, t: 'RESUMED', s: 2, d: {} };

/** The options that `openSocket` passes to `createSocket`. */
function optionsFor(agent: Agent | undefined): SocketOptions | undefined {
  let passed: SocketOptions | undefined;
  openSocket(
    {
      url: 'wss://main.test',
      version: 10,
      compression: 'none',
      maxMessageBytes: 1_000,
      agent,
      selectProxy: null,
      allowedHosts: null,
      createSocket: (_, options) => {
        passed = options;
        return new RecordingSocket();
      },
      rewriteUrl: (url) => url,
    },
    null,
  );
  return passed;
}

describe('a connection', () => {
  test('emits every packet as the event raw', () => {
    const events: unknown[] = [];
    const { receive } = bareConnection({ onPacket: (packet, event) => events.push([event, packet]) });
    receive({ op: 11 });
    expect(events).toEqual([['raw', { op: 11 }]]);
  });

  test('saves the session at READY', () => {
    let saves = 0;
    const { receive } = bareConnection({ saveSession: () => (saves += 1) });
    receive(READY);
    expect(saves).toBe(1);
  });

  test('saves the session at RESUMED', () => {
    let saves = 0;
    const { receive } = bareConnection({ saveSession: () => (saves += 1) });
    receive(READY, RESUMED);
    expect(saves).toBe(2);
  });
});

describe('openSocket', () => {
  test('leaves room for data that compression makes larger than maxMessageBytes', () => {
    expect(optionsFor(undefined)?.maxPayload).toBe(1_000 + 128 * 1024);
  });

  test('passes the agent of the options', () => {
    const agent = new Agent();
    expect(optionsFor(agent)?.agent).toBe(agent);
  });

  test('passes no agent when the options have none', () => {
    expect(optionsFor(undefined)).not.toHaveProperty('agent');
  });
});

describe('IDENTIFY', () => {
  test.each([
    ['payload', true],
    ['none', undefined],
    ['zlib-stream', undefined],
  ] as const)('with compression %s has compress: %s', async (compression, compress) => {
    await using kit = await liveShard({ compression });
    void kit.shard.connect();
    await reaches(kit.shard, 'ready');
    const identify = kit.gateway.connections[0]?.received.find(({ op }) => op === 2);
    expect((identify!.d as { compress?: boolean }).compress).toBe(compress);
  });
});
