/** Scripts about heartbeats: their time, their sequence, and zombies. */
import type { OracleRule } from '../../../src/testing/index.ts';
import type { RuleCases } from './oracle-script.ts';
import { INTERVAL_MS, OracleScript } from './oracle-script.ts';

const script = (): OracleScript => new OracleScript();
const live = (): OracleScript => new OracleScript().live();
/** Live, with its first heartbeat after half an interval. */
const afterFirst = (): OracleScript =>
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
      ['a heartbeat every interval', () => afterFirst().times(20, (t) => t.wait(INTERVAL_MS).acknowledgedHeartbeat(1))],
      [
        'a heartbeat that the network delays',
        () =>
          afterFirst()
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
      ['silence once frames may be lost', () => afterFirst().allowLoss().wait(60_000).finish()],
      ['silence when HELLO has no valid interval', () => script().hello(0).identify().ready().wait(60_000).finish()],
      [
        'silence after an ACK that crossed the close of the client',
        () => afterFirst().wait(INTERVAL_MS).heartbeat(1).wait(9_900).ack().wait(500).clientCloses(),
      ],
    ],
    illegal: [
      [
        'a heartbeat left out',
        () =>
          afterFirst()
            .wait(2 * INTERVAL_MS)
            .acknowledgedHeartbeat(1),
      ],
      [
        'a command instead of a heartbeat',
        () =>
          afterFirst()
            .wait(INTERVAL_MS + 300)
            .presence()
            .wait(100)
            .acknowledgedHeartbeat(1),
      ],
      [
        'silence until the socket is gone',
        () =>
          afterFirst()
            .wait(2 * INTERVAL_MS)
            .finish(),
      ],
    ],
  },
  'heartbeat-pace': {
    legal: [
      [
        'a heartbeat that the network delays, then one in time',
        () =>
          afterFirst()
            .wait(INTERVAL_MS + 200)
            .acknowledgedHeartbeat(1)
            .wait(INTERVAL_MS - 200)
            .acknowledgedHeartbeat(1),
      ],
      [
        'an answer to op 1 between two scheduled heartbeats',
        () => afterFirst().wait(3_000).send(1).acknowledgedHeartbeat(1).wait(7_000).acknowledgedHeartbeat(1),
      ],
      [
        'an answer to op 1 just before the first scheduled heartbeat',
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
      ['two heartbeats at once', () => afterFirst().acknowledgedHeartbeat(1)],
      [
        'a heartbeat after half an interval',
        () =>
          afterFirst()
            .wait(INTERVAL_MS / 2)
            .acknowledgedHeartbeat(1),
      ],
      [
        'an interval that is a little too short',
        () => afterFirst().times(3, (t) => t.wait(INTERVAL_MS - 100).acknowledgedHeartbeat(1)),
      ],
      [
        'two heartbeats for one op 1',
        () => afterFirst().wait(3_000).send(1).acknowledgedHeartbeat(1).acknowledgedHeartbeat(1),
      ],
    ],
  },
  'heartbeat-answer': {
    legal: [
      ['op 1 before HELLO without an answer', () => script().send(1).wait(5_000).hello().acknowledgedHeartbeat()],
      [
        'an answer to op 1 at once',
        () => afterFirst().send(1).wait(20).acknowledgedHeartbeat(1).wait(2_000).presence(),
      ],
      ['a client that closes before it could answer', () => afterFirst().send(1).wait(500).clientCloses()],
    ],
    illegal: [
      ['op 1 without an answer', () => afterFirst().send(1).wait(2_000).presence()],
      [
        'op 1 that is answered only by the next scheduled heartbeat',
        () => afterFirst().send(1).wait(INTERVAL_MS).acknowledgedHeartbeat(1),
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
        'any sequence after an undecodable frame of the gateway',
        () => live().markUndecodable().acknowledgedHeartbeat(1_000),
      ],
    ],
    illegal: [
      ['a sequence ahead of the last one sent', () => live().acknowledgedHeartbeat(2)],
      ['a sequence before the first one was sent', () => script().hello().identify().acknowledgedHeartbeat(0)],
      [
        'the sequence of the last session before IDENTIFY',
        () => live().clientCloses().connect().hello().acknowledgedHeartbeat(1).identify(),
      ],
      [
        'a sequence before RESUME that was not sent',
        () => live().clientCloses().connect().hello().acknowledgedHeartbeat(7).resume(1),
      ],
      ['a string instead of a sequence', () => live().acknowledgedHeartbeat('1')],
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
        () => afterFirst().invalid(false).wait(1_000).send(1).acknowledgedHeartbeat(null).clientCloses(),
      ],
    ],
    illegal: [
      [
        'a sequence below the last one',
        () => live().dispatch(2).acknowledgedHeartbeat(2).wait(INTERVAL_MS).acknowledgedHeartbeat(1),
      ],
      ['null after a sequence', () => afterFirst().wait(INTERVAL_MS).acknowledgedHeartbeat(null)],
    ],
  },
  'heartbeat-fresh': {
    legal: [
      [
        'a heartbeat that a dispatch crosses',
        () => afterFirst().wait(INTERVAL_MS).dispatch(2).acknowledgedHeartbeat(1),
      ],
      ['null just after READY was sent', () => live().acknowledgedHeartbeat(null)],
      [
        'an old sequence once frames may be lost',
        () => afterFirst().dispatch(2).allowLoss().wait(INTERVAL_MS).acknowledgedHeartbeat(1),
      ],
    ],
    illegal: [
      [
        'a sequence that does not grow',
        () =>
          afterFirst()
            .times(3, (t, n) => t.dispatch(2 + n))
            .wait(INTERVAL_MS)
            .acknowledgedHeartbeat(1),
      ],
      ['null long after READY', () => live().wait(5_000).acknowledgedHeartbeat(null)],
      [
        'a sequence that falls behind steady dispatches',
        () =>
          afterFirst()
            .times(100, (t, n) => t.wait(100).dispatch(2 + n))
            .acknowledgedHeartbeat(50),
      ],
    ],
  },
  'zombie-heartbeat': {
    legal: [
      [
        'a heartbeat after an ACK that came late',
        () => afterFirst().wait(INTERVAL_MS).heartbeat(1).wait(9_000).ack().wait(1_000).acknowledgedHeartbeat(1),
      ],
      [
        'an answer to op 1 while an ACK is missing',
        () => afterFirst().wait(INTERVAL_MS).heartbeat(1).wait(1_000).send(1).heartbeat(1).wait(9_000).clientCloses(),
      ],
    ],
    illegal: [
      [
        'a second heartbeat without an ACK between them',
        () => afterFirst().wait(INTERVAL_MS).heartbeat(1).wait(INTERVAL_MS).heartbeat(1),
      ],
    ],
  },
  'zombie-kept': {
    legal: [
      [
        'a zombie dropped when the next heartbeat is due',
        () =>
          afterFirst()
            .wait(INTERVAL_MS)
            .heartbeat(1)
            .wait(INTERVAL_MS + 500)
            .clientCloses(null),
      ],
      [
        'a zombie that the gateway closes',
        () =>
          afterFirst()
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
          afterFirst()
            .wait(INTERVAL_MS)
            .heartbeat(1)
            .wait(2 * INTERVAL_MS)
            .finish(),
      ],
    ],
  },
};
