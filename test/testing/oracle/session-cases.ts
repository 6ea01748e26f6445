/** Scripts about sessions: how they begin, how a client resumes them, and when it must not. */
import type { OracleRule } from '../../../src/testing/index.ts';
import type { RuleCases } from './oracle-script.ts';
import { MAIN, RESUME, OracleScript } from './oracle-script.ts';

const DAY_MS = 86_400_000;

const hello = (): OracleScript => new OracleScript().hello();
const live = (): OracleScript => new OracleScript().live();
/** A session at sequence 3, whose connection the client has closed. */
const closed = (): OracleScript => live().dispatch(2).dispatch(3).clientCloses();
const identify = (fields: Readonly<Record<string, unknown>>) => (): OracleScript => hello().identify(fields);
const spaced =
  (...shards: number[]) =>
  (waitMs: number): OracleScript => {
    const script = new OracleScript({ identifyIntervalMs: 5_000, maxConcurrency: 2 });
    for (const id of shards)
      script
        .connect()
        .hello()
        .identify({ shard: [id, 4] })
        .wait(waitMs);
    return script;
  };

export const SESSIONS: { readonly [rule in OracleRule]?: RuleCases } = {
  'identify-fields': {
    legal: [
      ['IDENTIFY with the required fields', identify({})],
      [
        'IDENTIFY with all fields',
        identify({ shard: [0, 2], compress: true, large_threshold: 250, presence: { status: 'idle' } }),
      ],
    ],
    illegal: [
      ['no token', identify({ token: undefined })],
      ['intents by name', identify({ intents: ['Guilds'] })],
      ['properties without a device', identify({ properties: { os: 'linux', browser: 'b' } })],
      ['a shard beyond its count', identify({ shard: [2, 2] })],
      ['a large_threshold of 251', identify({ large_threshold: 251 })],
      ['a presence that is a string', identify({ presence: 'online' })],
      ['a compress that is a number', identify({ compress: 1 })],
      [
        'both compressions',
        () => new OracleScript({}, `${MAIN}&compress=zlib-stream`).hello().identify({ compress: true }),
      ],
      ['no fields', () => hello().receive({ op: 2 })],
    ],
  },
  'identify-host': {
    legal: [['IDENTIFY at the main host', () => hello().identify()]],
    illegal: [['IDENTIFY at the resume host', () => closed().connect(RESUME).hello().identify()]],
  },
  'identify-spacing': {
    legal: [
      ['IDENTIFYs of one key 5 s apart', () => spaced(0, 2)(5_000)],
      ['IDENTIFYs of two keys at once', () => spaced(0, 1)(0)],
      ['IDENTIFYs that the network brings closer together', () => spaced(0, 2)(4_800)],
    ],
    illegal: [['IDENTIFYs of one key 4 s apart', () => spaced(0, 2)(4_000)]],
  },
  'identify-budget': {
    legal: [
      [
        'as many IDENTIFYs as there are starts',
        () => new OracleScript({ remainingStarts: 2 }).live().clientCloses().connect().hello().identify(),
      ],
      [
        'an IDENTIFY when the budget is full again',
        () =>
          new OracleScript({ remainingStarts: 1, resetAfterMs: 60_000 })
            .live()
            .clientCloses()
            .wait(60_000)
            .connect()
            .hello()
            .identify(),
      ],
      [
        'RESUMEs without starts',
        () => new OracleScript({ remainingStarts: 1 }).live().clientCloses().connect().hello().resume(1),
      ],
    ],
    illegal: [
      [
        'an IDENTIFY with no start left',
        () => new OracleScript({ remainingStarts: 1 }).live().clientCloses().connect().hello().identify(),
      ],
      [
        'an IDENTIFY just before the budget is full again',
        () =>
          new OracleScript({ remainingStarts: 1 })
            .live()
            .clientCloses()
            .wait(DAY_MS - 1_000)
            .connect()
            .hello()
            .identify(),
      ],
    ],
  },
  'resume-fields': {
    legal: [['RESUME with the required fields', () => closed().connect().hello().resume(3)]],
    illegal: [
      ['no seq', () => closed().connect().hello().resume(undefined)],
      ['no token', () => closed().connect().hello().resume(3, { token: '' })],
      ['no session', () => closed().connect().hello().resume(3, { session_id: undefined })],
      ['no fields', () => closed().connect().hello().receive({ op: 6, d: null })],
    ],
  },
  'resume-session': {
    legal: [
      ['RESUME of a session that the gateway started', () => closed().connect().hello().resume(3)],
      [
        'RESUME of a session that has expired',
        () => {
          const script = closed();
          script.oracle.endSession('session');
          return script.connect().hello().resume(3);
        },
      ],
    ],
    illegal: [
      [
        'RESUME of a session that the gateway never started',
        () => closed().connect().hello().resume(3, { session_id: 'another' }),
      ],
    ],
  },
  'resume-ended': {
    legal: [
      ['RESUME after op 9 true', () => live().invalid(true).clientCloses().connect().hello().resume(1)],
      ['RESUME after a close that keeps the session', () => live().gatewayCloses(4000).connect().hello().resume(1)],
      ['RESUME after a dropped connection', () => live().clientCloses(null).connect().hello().resume(1)],
      [
        'RESUME by a client that closed before op 9 could reach it',
        () => live().invalid(false).wait(100).clientCloses().connect().hello().resume(1),
      ],
      [
        'RESUME by a client whose close crossed 4009',
        () => live().gatewayCloses(4009).clientCloses(4200).connect().hello().resume(1),
      ],
      [
        'RESUME by a client that 4009 may not have reached',
        () => live().allowLoss().gatewayCloses(4009).connect().hello().resume(1),
      ],
    ],
    illegal: [
      [
        'RESUME after op 9 false, where the client had time to read it',
        () => live().invalid(false).wait(2_000).clientCloses().connect().hello().resume(1),
      ],
      [
        'RESUME after op 9 false was answered with 1000',
        () => live().invalid(false).clientCloses(1000).connect().hello().resume(1),
      ],
      [
        'RESUME after op 9 false has come three times',
        () =>
          live()
            .clientCloses()
            .times(3, (t) => t.connect().hello().resume(1).invalid(false).clientCloses())
            .connect()
            .hello()
            .resume(1),
      ],
      ['RESUME after close 4009', () => live().gatewayCloses(4009).connect().hello().resume(1)],
      [
        'RESUME after its RESUME was closed with 4007',
        () => closed().connect().hello().resume(3).gatewayCloses(4007).connect().hello().resume(3),
      ],
      ['RESUME after the client closed with 1000', () => live().clientCloses(1000).connect().hello().resume(1)],
      ['RESUME after the client closed with 1001', () => live().clientCloses(1001).connect().hello().resume(1)],
    ],
  },
  'resume-sequence': {
    legal: [
      ['RESUME at the last sequence', () => closed().connect().hello().resume(3)],
      ['RESUME at a sequence before the dispatches that were lost', () => closed().connect().hello().resume(1)],
      [
        'RESUME at a sequence of the replay',
        () => closed().connect().hello().resume(3).dispatch(4).clientCloses().connect().hello().resume(4),
      ],
    ],
    illegal: [['RESUME ahead of the last sequence sent', () => closed().connect().hello().resume(4)]],
  },
  'resume-repeat': {
    legal: [
      [
        'RESUME at what a heartbeat has confirmed',
        () => live().dispatch(2).acknowledgedHeartbeat(2).clientCloses().connect().hello().resume(2),
      ],
    ],
    illegal: [
      [
        'RESUME behind what a heartbeat has confirmed',
        () => live().dispatch(2).acknowledgedHeartbeat(2).clientCloses().connect().hello().resume(1),
      ],
      [
        'RESUME behind a heartbeat of its own connection',
        () => closed().connect().hello().acknowledgedHeartbeat(3).resume(2),
      ],
    ],
  },
  'resume-host': {
    legal: [
      ['RESUME at the resume host', () => closed().connect(RESUME).hello().resume(3)],
      ['RESUME at the main host', () => closed().connect(MAIN).hello().resume(3)],
    ],
    illegal: [['RESUME at a third host', () => closed().connect(RESUME.replace('resume', 'third')).hello().resume(3)]],
  },
  'session-query': {
    legal: [
      [
        'RESUME with the same query in another order',
        () => closed().connect('wss://resume.test/path?encoding=json&v=10').hello().resume(3),
      ],
      ['another query for another session', () => closed().connect(`${MAIN}&compress=zlib-stream`).hello().identify()],
    ],
    illegal: [
      ['RESUME with another compression', () => closed().connect(`${RESUME}&compress=zlib-stream`).hello().resume(3)],
      ['RESUME with another version', () => closed().connect(RESUME.replace('v=10', 'v=9')).hello().resume(3)],
    ],
  },
  'token-constant': {
    legal: [['the same token for IDENTIFY and RESUME', () => closed().connect().hello().resume(3)]],
    illegal: [
      ['another token for RESUME', () => closed().connect().hello().resume(3, { token: 'other' })],
      ['another token for the next IDENTIFY', () => closed().connect().hello().identify({ token: 'other' })],
    ],
  },
};
