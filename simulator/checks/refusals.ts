/** Checks what a shard does about a payload that the gateway refuses. */
import type { GatewayError } from '../../src/index.ts';
import { refusalOf } from '../refusal.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { Check } from './check.ts';

const FAULT_BY_CODE: Readonly<Record<number, GatewayError['code']>> = {
  4001: 'PAYLOAD_REFUSED',
  4002: 'PAYLOAD_REFUSED',
  4003: 'NOT_AUTHENTICATED',
  4005: 'ALREADY_AUTHENTICATED',
};

const HEARTBEAT = 1;

export const refusedOnce: Check = {
  rule: 'a presence that the gateway refused is not sent again, and no other shard identifies with it',
  watch({ eventLog, gateway }, complain) {
    /** The frame that each socket sent last, heartbeats aside. */
    const lastSent = new Map<SimSocket, string>();
    /** A shard that closes its socket itself may not learn of the refusal. */
    eventLog.on('shard.closing', ({ socket }) => void lastSent.delete(socket));
    /** By process: what no shard may identify with. */
    const refusedOnAny = new Map<SimulatedProcess, Set<string>>();
    /** By process and shard: each shard of a manager that has sent it may learn for itself. */
    const refused = new Map<SimulatedProcess, Map<string, Set<string>>>();
    /** How many shards the set of each socket has: during a reshard there are two shards of one id. */
    const totals = new WeakMap<SimSocket, number | undefined>();
    const refusedOf = (socket: SimSocket): Set<string> => {
      const byShard = refused.get(socket.proc) ?? new Map<string, Set<string>>();
      refused.set(socket.proc, byShard);
      const key = `${socket.shardId}/${totals.get(socket)}`;
      const texts = byShard.get(key) ?? new Set();
      byShard.set(key, texts);
      return texts;
    };
    /** The processes that reshard to the count they have: the shards of both sets then look alike. */
    const lookAlike = new Set<SimulatedProcess>();
    eventLog.on('bot.state', ({ proc, from, to }) => {
      const { manager } = proc;
      if (to === 'resharding' && manager.actor.getSnapshot().context.targetTotal === manager.total) lookAlike.add(proc);
      if ((from !== 'resharding' && to !== 'resharding') || !lookAlike.has(proc)) return;
      refused.delete(proc);
      if (from === 'resharding') lookAlike.delete(proc);
    });
    eventLog.on('shard.sent', ({ socket, packet, text }) => {
      if (packet.op === HEARTBEAT) return;
      lastSent.set(socket, text);
      if (packet.op === 2) totals.set(socket, (packet.d as { shard?: [number, number] }).shard?.[1]);
      if (packet.op === 6)
        totals.set(socket, gateway.sessions.get((packet.d as { session_id: string }).session_id)?.shardCount);
      const refusal = refusalOf(text);
      if (refusal === null) return;
      if (refusedOf(socket).has(refusal.text)) complain(`the shard sent ${refusal.text} again, in op ${packet.op}`);
      else if (packet.op === 2 && refusedOnAny.get(socket.proc)?.has(refusal.text) === true)
        complain(`a shard identified with ${refusal.text}, which another one had been refused`);
    });
    eventLog.on('socket.closed', ({ socket, code }) => {
      const refusal = refusalOf(lastSent.get(socket) ?? '');
      lastSent.delete(socket);
      if (refusal === null || FAULT_BY_CODE[code] !== 'PAYLOAD_REFUSED') return;
      refusedOf(socket).add(refusal.text);
      refusedOnAny.set(socket.proc, (refusedOnAny.get(socket.proc) ?? new Set()).add(refusal.text));
    });
  },
};

export const refusalNamed: Check = {
  rule: 'close codes 4001, 4002, 4003 and 4005 are faults that name the payload sent last',
  watch({ eventLog }, complain) {
    const closing = new WeakSet<SimSocket>();
    const lastSent = new Map<SimSocket, number>();
    const faults = new Map<SimulatedProcess, GatewayError[]>();
    const onEmitted = (proc: SimulatedProcess, name: string, args: readonly unknown[]): void => {
      if (name === 'fault' && (args[0] as GatewayError).closeCode !== undefined)
        faults.get(proc)?.push(args[0] as GatewayError);
    };
    eventLog.on('shard.sent', ({ socket, packet: { op } }) => {
      if (op !== HEARTBEAT) lastSent.set(socket, op);
    });
    eventLog.on('shard.closing', ({ socket }) => void closing.add(socket));
    eventLog.on('emitted', ({ proc, name, args }) => onEmitted(proc, name, args));
    eventLog.on('bot.emitted', ({ proc, name, args }) => onEmitted(proc, name, args));
    eventLog.on('socket.closed', ({ socket, code }) => {
      const { proc } = socket;
      const op = lastSent.get(socket);
      lastSent.delete(socket);
      const expected = FAULT_BY_CODE[code];
      if (expected === undefined || closing.has(socket) || proc.isOver) return;
      // The shard learns of it in this turn.
      const emitted: GatewayError[] = [];
      faults.set(proc, emitted);
      process.nextTick(() => {
        // A listener may have ended the process, which then emits nothing.
        if (proc.isOver) return;
        const fault = emitted.find((error) => error.code === expected && error.closeCode === code);
        if (fault === undefined)
          complain(
            `socket ${socket.id} was closed with ${code}, and the shard emitted ${emitted[0]?.code ?? 'no fault'}`,
          );
        else if (op !== undefined && !fault.message.includes(`(op ${op})`))
          complain(`the fault of close code ${code} does not name op ${op}: ${fault.message}`);
      });
    });
  },
};
