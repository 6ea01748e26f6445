/** Conversations about heartbeats: when they come, what they name, and what becomes of a zombie. */
import type { OracleRule } from '../../../src/testing/index.ts';
import type { RuleCases } from './oracle-script.ts';
import { INTERVAL_MS, OracleScript } from './oracle-script.ts';

const script = (): OracleScript => new OracleScript();
const live = (): OracleScript => new OracleScript().live();
/** Live, with its first heartbeat after half an interval. */
const beating = (): OracleScript =>
  live()
    .wait(INTERVAL_MS / 2)
    .acknowledgedHeartbeat(1);

export const HEARTBEATS: { readonly [rule in OracleRule]?: RuleCases } = {
  'heartbeat-first': {
    legal: [
      ['a first heartbeat at once', () => script().hello().acknowledgedHeartbeat()],
      ['a first heartbeat after almost an interval', () => script().hello().wait(9_999).acknowledgedHeartbeat()],
      ['a client that closes before it', () => script().hello().wait(9_000).clientCloses()],
    ],
    illegal: [
      ['a first heartbeat after an interval and a half', () => script().hello().wait(15_000).acknowledgedHeartbeat()],
      ['no heartbeat before the close', () => script().hello().wait(15_000).clientCloses()],
      ['no heartbeat when the gateway gives up', () => script().hello().wait(15_000).gatewayCloses(4009)],
    ],
  },
  'heartbeat-missing': {
    legal: [
      ['a heartbeat every interval', () => beating().times(20, (t) => t.wait(INTERVAL_MS).acknowledgedHeartbeat(1))],
      [
        'a heartbeat that is late by what the way adds',
        () =>
          beating()
            .wait(INTERVAL_MS + 200)
            .acknowledgedHeartbeat(1),
      ],
      [
        'a heartbeat every interval while the client waits for READY',
        () =>
          script()
            .hello()
            .identify()
            .acknowledgedHeartbeat()
            .times(20, (t) => t.wait(INTERVAL_MS).acknowledgedHeartbeat()),
      ],
      ['silence once frames may be lost', () => beating().allowLoss().wait(60_000).finish()],
      ['silence where HELLO named no sane interval', () => script().hello(0).identify().ready().wait(60_000).finish()],
      [
        'silence after an ACK that came just when the client gave up',
        () => beating().wait(INTERVAL_MS).heartbeat(1).wait(9_900).ack().wait(500).clientCloses(),
      ],
    ],
    illegal: [
      [
        'a heartbeat left out',
        () =>
          beating()
            .wait(2 * INTERVAL_MS)
            .acknowledgedHeartbeat(1),
      ],
      [
        'a command instead of a heartbeat',
        () =>
          beating()
            .wait(INTERVAL_MS + 300)
            .presence()
            .wait(100)
            .acknowledgedHeartbeat(1),
      ],
      [
        'silence until the socket is gone',
        () =>
          beating()
            .wait(2 * INTERVAL_MS)
            .finish(),
      ],
    ],
  },
  'heartbeat-pace': {
    legal: [
      [
        'a heartbeat that the way made late, then one in time',
        () =>
          beating()
            .wait(INTERVAL_MS + 200)
            .acknowledgedHeartbeat(1)
            .wait(INTERVAL_MS - 200)
            .acknowledgedHeartbeat(1),
      ],
      [
        'a heartbeat the gateway asked for in between',
        () => beating().wait(3_000).send(1).acknowledgedHeartbeat(1).wait(7_000).acknowledgedHeartbeat(1),
      ],
      [
        'the answer to op 1 just before the first of the schedule',
        () =>
          live()
            .wait(500)
            .send(1)
            .acknowledgedHeartbeat(1)
            .wait(500)
            .acknowledgedHeartbeat(1)
            .wait(INTERVAL_MS)
            .acknowledgedHeartbeat(1),
      ],
    ],
    illegal: [
      ['two heartbeats at once', () => beating().acknowledgedHeartbeat(1)],
      [
        'a heartbeat after half an interval',
        () =>
          beating()
            .wait(INTERVAL_MS / 2)
            .acknowledgedHeartbeat(1),
      ],
      [
        'an interval that is a little too short',
        () => beating().times(3, (t) => t.wait(INTERVAL_MS - 100).acknowledgedHeartbeat(1)),
      ],
      [
        'two heartbeats for one op 1',
        () => beating().wait(3_000).send(1).acknowledgedHeartbeat(1).acknowledgedHeartbeat(1),
      ],
    ],
  },
  'heartbeat-answer': {
    legal: [
      ['op 1 before HELLO without an answer', () => script().send(1).wait(5_000).hello().acknowledgedHeartbeat()],
      ['an answer to op 1 at once', () => beating().send(1).wait(20).acknowledgedHeartbeat(1).wait(2_000).presence()],
      ['a client that leaves before it could answer', () => beating().send(1).wait(500).clientCloses()],
    ],
    illegal: [
      ['op 1 without an answer', () => beating().send(1).wait(2_000).presence()],
      [
        'op 1 answered with the next of the schedule',
        () => beating().send(1).wait(INTERVAL_MS).acknowledgedHeartbeat(1),
      ],
    ],
  },
  'heartbeat-sequence': {
    legal: [
      ['null before any sequence', () => script().hello().acknowledgedHeartbeat()],
      ['the sequence of READY', () => live().acknowledgedHeartbeat(1)],
      [
        'the sequence of a dispatch before READY',
        () => script().hello().identify().dispatch(0).acknowledgedHeartbeat(0).ready(1),
      ],
      [
        'the sequence of the session before RESUME',
        () => live().dispatch(2).clientCloses().connect().hello().acknowledgedHeartbeat(2).resume(2),
      ],
      [
        'any sequence once the gateway said what nobody understands',
        () => live().markUndecodable().acknowledgedHeartbeat(1_000),
      ],
    ],
    illegal: [
      ['a sequence ahead of what was said', () => live().acknowledgedHeartbeat(2)],
      ['a sequence before any was said', () => script().hello().identify().acknowledgedHeartbeat(0)],
      [
        'the sequence of the last session before IDENTIFY',
        () => live().clientCloses().connect().hello().acknowledgedHeartbeat(1).identify(),
      ],
      [
        'a sequence that was never said, before RESUME',
        () => live().clientCloses().connect().hello().acknowledgedHeartbeat(7).resume(1),
      ],
      ['a text for a sequence', () => live().acknowledgedHeartbeat('1')],
    ],
  },
  'heartbeat-order': {
    legal: [
      [
        'sequences that grow',
        () => live().acknowledgedHeartbeat(1).dispatch(2).wait(INTERVAL_MS).acknowledgedHeartbeat(2),
      ],
      [
        'null after op 9 has ended the session',
        () => beating().invalid(false).wait(1_000).send(1).acknowledgedHeartbeat(null).clientCloses(),
      ],
    ],
    illegal: [
      [
        'a sequence below the last one',
        () => live().dispatch(2).acknowledgedHeartbeat(2).wait(INTERVAL_MS).acknowledgedHeartbeat(1),
      ],
      ['null after a sequence', () => beating().wait(INTERVAL_MS).acknowledgedHeartbeat(null)],
    ],
  },
  'heartbeat-fresh': {
    legal: [
      ['a heartbeat that a dispatch crosses', () => beating().wait(INTERVAL_MS).dispatch(2).acknowledgedHeartbeat(1)],
      ['null when READY has just been said', () => live().acknowledgedHeartbeat(null)],
      [
        'a sequence behind when frames may be lost',
        () => beating().dispatch(2).allowLoss().wait(INTERVAL_MS).acknowledgedHeartbeat(1),
      ],
    ],
    illegal: [
      [
        'a sequence that stands still',
        () =>
          beating()
            .times(3, (t, n) => t.dispatch(2 + n))
            .wait(INTERVAL_MS)
            .acknowledgedHeartbeat(1),
      ],
      ['null long after READY', () => live().wait(5_000).acknowledgedHeartbeat(null)],
      [
        'a sequence that falls behind a steady stream',
        () =>
          beating()
            .times(100, (t, n) => t.wait(100).dispatch(2 + n))
            .acknowledgedHeartbeat(50),
      ],
    ],
  },
  'zombie-heartbeat': {
    legal: [
      [
        'a heartbeat after an ACK that came late',
        () => beating().wait(INTERVAL_MS).heartbeat(1).wait(9_000).ack().wait(1_000).acknowledgedHeartbeat(1),
      ],
      [
        'an answer to op 1 while an ACK is missing',
        () => beating().wait(INTERVAL_MS).heartbeat(1).wait(1_000).send(1).heartbeat(1).wait(9_000).clientCloses(),
      ],
    ],
    illegal: [
      [
        'a second heartbeat without an ACK between them',
        () => beating().wait(INTERVAL_MS).heartbeat(1).wait(INTERVAL_MS).heartbeat(1),
      ],
    ],
  },
  'zombie-kept': {
    legal: [
      [
        'a zombie dropped when the next heartbeat is due',
        () =>
          beating()
            .wait(INTERVAL_MS)
            .heartbeat(1)
            .wait(INTERVAL_MS + 500)
            .clientCloses(null),
      ],
      [
        'a zombie the gateway closes',
        () =>
          beating()
            .wait(INTERVAL_MS)
            .heartbeat(1)
            .wait(INTERVAL_MS + 500)
            .gatewayCloses(4009),
      ],
    ],
    illegal: [
      [
        'a zombie kept for two intervals',
        () =>
          beating()
            .wait(INTERVAL_MS)
            .heartbeat(1)
            .wait(2 * INTERVAL_MS)
            .finish(),
      ],
    ],
  },
};
