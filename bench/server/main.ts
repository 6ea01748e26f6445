/** The process of the gateway: what the bench can ask of it. */
import { serve } from '../rpc.ts';
import { Gateway } from './gateway.ts';
import { HANDSHAKE_FRAMES, digestOf } from './stage.ts';
import type { Stage } from './stage.ts';
import { sharedNow } from './talk.ts';

export type Part = 'warmup' | 'measured';

export interface Storm {
  /** Ms from the kill: when each socket was opened again, and each session resumed. */
  readonly attemptsMs: number[];
  readonly resumedMs: number[];
  /** Sessions that were given up instead. */
  readonly identified: number;
}

/** For one interval between them. */
const LEAST_HEARTBEATS = 2;

const gateway = await Gateway.listen();
let stage: Stage | null = null;

function partOf(part: Part): { from: number; to: number } {
  if (stage === null) throw new Error('no stage is set');
  const warmupEnd = HANDSHAKE_FRAMES + stage.warmup;
  return part === 'warmup' ? { from: HANDSHAKE_FRAMES, to: warmupEnd } : { from: warmupEnd, to: warmupEnd + stage.measured };
}

function recorded() {
  const last = gateway.recorded.at(-1);
  if (last === undefined) throw new Error('nobody has connected');
  return last;
}

const procedures = {
  set: async (next: Stage): Promise<{ url: string; apiUrl: string }> => {
    stage = next;
    await gateway.set(next);
    return { url: gateway.url, apiUrl: gateway.apiUrl };
  },
  /** How many events of these names there are. */
  count: ({ part, t }: { part: Part; t: string | null }): number => {
    const { from, to } = partOf(part);
    const messages = gateway.repertoire?.messages.slice(from - HANDSHAKE_FRAMES, to - HANDSHAKE_FRAMES) ?? [];
    return t === null ? messages.length : messages.filter((message) => message.t === t).length;
  },
  digest: ({ part, withData, t }: { part: Part; withData: boolean; t: string | null }): string => {
    const { from, to } = partOf(part);
    const messages = gateway.repertoire?.messages.slice(from - HANDSHAKE_FRAMES, to - HANDSHAKE_FRAMES) ?? [];
    return digestOf(t === null ? messages : messages.filter((message) => message.t === t), withData);
  },
  play: async (part: Part): Promise<void> => {
    const { from, to } = partOf(part);
    await recorded().player.play(from, to);
  },
  /** On all connections at once. */
  playAll: async (part: Part): Promise<void> => {
    const { from, to } = partOf(part);
    await Promise.all(gateway.recorded.map(({ player }) => player.play(from, to)));
  },
  /** Plays the first `count` measured events. Gives back when each was sent. */
  playPaced: ({ count, perSecond }: { count: number; perSecond: number }): Promise<Float64Array> => {
    const { from } = partOf('measured');
    return recorded().player.playPaced(from, from + count, perSecond);
  },
  /** Plays everything again and again, until there is a heartbeat after another. Gives back when they came. */
  flood: async (ms: number): Promise<number[]> => {
    const connection = recorded();
    const ack = gateway.repertoire?.ack ?? Buffer.alloc(0);
    const until = sharedNow() + ms;
    await connection.player.loop(partOf('warmup').from, partOf('measured').to, () => {
      for (let left = connection.takeHeartbeats(); left > 0; left -= 1) connection.player.writePiece(ack);
      return sharedNow() < until || gateway.log.heartbeats.length < LEAST_HEARTBEATS;
    });
    if (!connection.player.isOpen) throw new Error('the client has given up the connection');
    return gateway.log.heartbeats;
  },
  /** Tears all connections down, and settles when all have a session again. */
  kill: async (): Promise<Storm> => {
    const { log } = gateway;
    const before = { attempts: log.attempts.length, resumed: log.resumed.length, identified: log.identified.length, sessions: log.sessions };
    const at = sharedNow();
    const count = gateway.kill();
    await log.untilSessions(before.sessions + count);
    return {
      attemptsMs: log.attempts.slice(before.attempts).map((then) => then - at),
      resumedMs: log.resumed.slice(before.resumed).map((then) => then - at),
      identified: log.identified.length - before.identified,
    };
  },
  helloToIdentifyMs: (): number[] => gateway.log.helloToIdentifyMs,
};

export type GatewayProcedures = typeof procedures;

serve(procedures);
