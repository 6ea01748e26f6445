/** Scripts about frames: what a client sends, how much, and when. */
import type { OracleRule } from '../../../src/testing/index.ts';
import type { RuleCases } from './oracle-script.ts';
import { MAIN, OracleScript } from './oracle-script.ts';

const script = (): OracleScript => new OracleScript();
const live = (): OracleScript => new OracleScript().live();
/** Returns a payload of exactly this size. */
const sized = (bytes: number, filler = 'x'): string => {
  const head = '{"op":3,"d":{"status":"';
  const room = bytes - Buffer.byteLength(`${head}"}}`);
  return `${head}${filler.repeat(Math.floor(room / Buffer.byteLength(filler)))}${'x'.repeat(room % Buffer.byteLength(filler))}"}}`;
};
const sounds = { op: 31, d: { guild_ids: ['1'] } };
const command = (op: number, d: unknown) => (): OracleScript => live().receive({ op, d });

export const FRAMES: { readonly [rule in OracleRule]?: RuleCases } = {
  'gateway-query': {
    legal: [
      ['v and encoding are enough', () => new OracleScript({}, MAIN)],
      ['zstd-stream is a transport compression', () => new OracleScript({}, `${MAIN}&compress=zstd-stream`)],
    ],
    illegal: [
      ['a URL without v', () => new OracleScript({}, 'wss://main.test/?encoding=json')],
      ['a URL without an encoding', () => new OracleScript({}, 'wss://main.test/?v=10')],
      ['an encoding that is not json', () => new OracleScript({}, 'wss://main.test/?v=10&encoding=etf')],
      ['an unknown compression', () => new OracleScript({}, `${MAIN}&compress=gzip`)],
    ],
  },
  'hello-first': {
    legal: [
      ['a client that waits for HELLO', () => script().wait(60_000).hello().identify()],
      ['an answer to op 1 before HELLO', () => script().send(1).heartbeat().hello().identify()],
    ],
    illegal: [
      ['IDENTIFY before HELLO', () => script().identify()],
      ['a heartbeat before HELLO', () => script().heartbeat()],
      ['a presence before HELLO', () => script().presence()],
    ],
  },
  'decodable-frame': {
    legal: [['an object with unknown fields', () => live().receive({ ...sounds, extra: true })]],
    illegal: [
      ['text that is not JSON', () => live().receive('{"op":3')],
      ['a JSON array', () => live().receive('[3]')],
      ['an object without op', () => live().receive('{"d":{}}')],
      ['an op that is not an integer', () => live().receive('{"op":"3"}')],
    ],
  },
  'client-opcode': {
    legal: [
      [
        'all opcodes of commands',
        () =>
          live()
            .presence()
            .receive({ op: 4, d: { guild_id: '1', channel_id: null } })
            .receive(sounds),
      ],
    ],
    illegal: [
      ['an ACK by the client', () => live().receive({ op: 11 })],
      ['a dispatch by the client', () => live().receive({ op: 0, t: 'READY', s: 1, d: {} })],
      ['an unknown opcode', () => live().receive({ op: 99 })],
    ],
  },
  'payload-size': {
    legal: [
      ['a payload of 4096 bytes', () => live().receive(sized(4096))],
      ['4096 bytes in characters of several bytes', () => live().receive(sized(4096, '🌊'))],
    ],
    illegal: [
      ['a payload of 4097 bytes', () => live().receive(sized(4097))],
      ['4097 bytes in fewer characters', () => live().receive(sized(4097, '🌊'))],
    ],
  },
  'frame-limit': {
    legal: [
      ['120 frames at once, the handshake included', () => live().times(119, (t) => t.receive(sounds))],
      [
        'another 120 frames a minute later',
        () =>
          live()
            .times(119, (t) => t.receive(sounds))
            .allowLoss()
            .wait(60_000)
            .times(120, (t) => t.receive(sounds)),
      ],
      [
        'frames that the network brings closer together',
        () =>
          live()
            .times(119, (t) => t.receive(sounds))
            .allowLoss()
            .wait(59_800)
            .receive(sounds),
      ],
      [
        'heartbeats at an interval so short that they exceed the limit',
        () =>
          script()
            .hello(300)
            .identify()
            .ready()
            .times(300, (t) => t.wait(300).acknowledgedHeartbeat(1)),
      ],
      [
        '120 frames on each of two connections',
        () =>
          live()
            .times(119, (t) => t.receive(sounds))
            .clientCloses()
            .connect()
            .hello()
            .resume(1)
            .resumed(2)
            .times(119, (t) => t.receive(sounds)),
      ],
    ],
    illegal: [
      ['121 frames at once', () => live().times(120, (t) => t.receive(sounds))],
      [
        '120 frames across the border of two minutes',
        () =>
          live()
            .times(60, (t) => t.receive(sounds))
            .allowLoss()
            .wait(59_000)
            .times(60, (t) => t.receive(sounds)),
      ],
      [
        '120 frames and a heartbeat',
        () =>
          live()
            .wait(9_000)
            .acknowledgedHeartbeat(1)
            .times(119, (t) => t.receive(sounds)),
      ],
    ],
  },
  'presence-limit': {
    legal: [
      ['five presences at once', () => live().times(5, (t) => t.presence())],
      [
        'a sixth after 20 s',
        () =>
          live()
            .times(5, (t) => t.presence())
            .allowLoss()
            .wait(20_000)
            .presence(),
      ],
      ['five presences and other commands', () => live().times(5, (t) => t.presence().receive(sounds))],
    ],
    illegal: [
      [
        'a sixth presence within 20 s',
        () =>
          live()
            .times(5, (t) => t.presence())
            .wait(9_000)
            .acknowledgedHeartbeat(1)
            .wait(10_000)
            .acknowledgedHeartbeat(1)
            .presence(),
      ],
    ],
  },
  'handshake-first': {
    legal: [['a heartbeat before IDENTIFY', () => script().hello().wait(5_000).acknowledgedHeartbeat().identify()]],
    illegal: [['a command before IDENTIFY', () => script().hello().receive(sounds)]],
  },
  'one-handshake': {
    legal: [['IDENTIFY on each of two connections', () => live().clientCloses().connect().hello().identify()]],
    illegal: [
      ['a second IDENTIFY', () => live().identify()],
      ['a second IDENTIFY before READY', () => script().hello().identify().identify()],
      ['RESUME after IDENTIFY', () => live().resume(1)],
      [
        'IDENTIFY after a refused RESUME on the same connection',
        () => live().clientCloses().connect().hello().resume(1).invalid(false).identify(),
      ],
    ],
  },
  'ready-first': {
    legal: [
      ['a command after READY', () => live().presence()],
      ['a command after RESUMED', () => live().clientCloses().connect().hello().resume(1).resumed(2).presence()],
    ],
    illegal: [
      ['a command between IDENTIFY and READY', () => script().hello().identify().presence()],
      ['a command during the replay', () => live().clientCloses().connect().hello().resume(1).dispatch(2).presence()],
    ],
  },
  'command-fields': {
    legal: [
      ['members by query', command(8, { guild_id: '1', query: '', limit: 0, nonce: 'n'.repeat(32) })],
      ['members by id', command(8, { guild_id: '1', user_ids: ['2', '3'] })],
      ['channel info', command(43, { guild_id: '1', fields: ['status'] })],
    ],
    illegal: [
      ['members without a guild', command(8, { query: '', limit: 0 })],
      ['members without query and user_ids', command(8, { guild_id: '1' })],
      ['a nonce of 33 bytes', command(8, { guild_id: '1', query: '', limit: 0, nonce: 'n'.repeat(33) })],
      ['a voice state without a guild', command(4, { channel_id: null })],
      ['sounds without guilds', command(31, {})],
      ['channel info without fields', command(43, { guild_id: '1' })],
      ['a presence that is not an object', command(3, null)],
    ],
  },
  'close-when-asked': {
    legal: [
      ['a client that closes at once', () => live().send(7).clientCloses().finish()],
      [
        'a heartbeat that crosses op 7',
        () => live().wait(5_000).send(7).wait(1_000).acknowledgedHeartbeat(1).clientCloses(),
      ],
      ['a client that closes 5 s after op 9', () => live().invalid(true).wait(5_000).clientCloses()],
    ],
    illegal: [
      ['a heartbeat long after op 7', () => live().send(7).wait(9_000).acknowledgedHeartbeat(1)],
      ['a client that closes long after op 7', () => live().send(7).wait(9_000).clientCloses()],
      ['a heartbeat long after op 9', () => live().invalid(true).wait(9_000).acknowledgedHeartbeat(1)],
    ],
  },
  'silence-after-close': {
    legal: [['a frame that crosses the gateway’s close', () => live().gatewayCloses(4000).presence()]],
    illegal: [['a frame after the client’s close', () => live().clientCloses().presence()]],
  },
};
