/** Checks that an outage does not slow down what follows it. */
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { GatewayError, ShardEvents } from '../../src/index.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { Check } from './check.ts';

const { stableAfterMs, backoffBaseMs, backoffCapMs, invalidSessionWaitMs, closeTimeoutMs } = DEFAULT_TIMING;

/** What one process has gone through, as the rule counts it. */
interface History {
  /** Connections with HELLO or Invalid Session that were lost since the shard was last ready for long. */
  losses: number;
  hasHello: boolean;
  readyAt: number;
  /** When the shard began to wait after a connection with HELLO; `null` otherwise. */
  waitsSince: number | null;
  /** Whether the shard waits for slow consumers, which may take any time. */
  isAway: boolean;
}

/** The longest wait after this many lost connections. Close code 4008 adds ten backoffs. */
const longestWaitMs = (losses: number): number =>
  Math.max(invalidSessionWaitMs[1], Math.min(backoffCapMs, backoffBaseMs * 2 ** (losses - 2))) +
  backoffBaseMs * 10 +
  closeTimeoutMs;

export const promptReturn: Check = {
  rule: 'the wait after a connection with HELLO depends only on such connections, not on refused ones',
  watch(world, complain) {
    const { clock, eventLog } = world;
    const histories = new Map<SimulatedProcess, History>();
    const historyOf = (proc: SimulatedProcess): History => {
      const history = histories.get(proc) ?? {
        losses: 0,
        hasHello: false,
        readyAt: Infinity,
        waitsSince: null,
        isAway: false,
      };
      histories.set(proc, history);
      return history;
    };
    eventLog.on('emitted', ({ proc, name, args }) => {
      const history = historyOf(proc);
      if (name === 'hello') history.hasHello = true;
      if (name === 'fault' && (args[0] as GatewayError).code === 'BUFFER_FULL') history.isAway = true;
      if (name !== 'stateChange') return;
      const { from, to } = args[0] as ShardEvents['stateChange'][0];
      const now = clock.now();
      if (to === 'ready') history.readyAt = now;
      if (from === 'ready') {
        if (now - history.readyAt >= stableAfterMs + clock.latenessMs(history.readyAt, now)) history.losses = 0;
        history.readyAt = Infinity;
      }
      history.waitsSince = null;
      if (to !== 'reconnecting' || !history.hasHello) return;
      history.hasHello = false;
      history.losses += 1;
      history.waitsSince = now;
    });
    // A gateway that answers without HELLO is reachable too.
    eventLog.on('shard.received', ({ socket: { proc }, packet }) => {
      if (packet.op === 9) historyOf(proc).hasHello = true;
    });
    eventLog.on('socket.created', ({ socket: { proc } }) => {
      const history = historyOf(proc);
      const { losses, waitsSince } = history;
      history.hasHello = false;
      history.waitsSince = null;
      const { isAway } = history;
      history.isAway = false;
      if (waitsSince === null || isAway) return;
      const now = clock.now();
      const allowedMs = longestWaitMs(losses) + clock.latenessMs(waitsSince, now) * 2;
      if (now - waitsSince > allowedMs)
        complain(
          `the shard waited ${now - waitsSince} ms after ${losses} lost connections; ${allowedMs} ms are allowed`,
        );
    });
  },
};
