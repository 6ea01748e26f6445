/**
 * What is said on one connection. HELLO comes first; then the client identifies or resumes, and from then on may
 * ask. Which opcode is allowed in which phase stands in the table of rules; whoever breaks one is closed.
 */
import { MAX_PAYLOAD_BYTES } from '../protocol/payloads.ts';
import { Opcodes, opcodeName } from '../protocol/opcodes.ts';
import type { Packet } from '../protocol/packets.ts';
import type { RejectCode } from './close-codes.ts';
import { CLIENT_GOODBYES, CLOSE_REASONS, SESSION_ENDING_CLOSES } from './close-codes.ts';
import { FrameLimit } from './frame-limit.ts';
import { HeartbeatWatch } from './heartbeat-watch.ts';
import { Hold } from './hold.ts';
import type { Identification } from './identify.ts';
import { isObject } from './identify.ts';
import { readyData } from './ready.ts';
import type { Realm } from './realm.ts';
import { RULES } from './rules.ts';
import type { FakeSession, Line, ShardKey } from './sessions.ts';
import { jsonOf } from './sessions.ts';
import type { Phase, Talk } from './talk.ts';
import type { Wire } from './wire.ts';

/** Not closed, so not to be found in the client: frames that cross an op 9 on the way are no fault. */
const BLAMELESS: ReadonlySet<Phase> = new Set(['invalidated']);

export class Conversation implements Line, Talk {
  readonly realm: Realm;
  readonly acks = new Hold();
  readonly ready = new Hold();
  readonly members = new Hold();
  readonly received: Packet[] = [];
  phase: Phase = 'connected';
  session: FakeSession | null = null;
  shard: ShardKey | null = null;
  presence: unknown = null;
  readonly #wire: Wire;
  readonly #index: number;
  readonly #version: number;
  readonly #limit: FrameLimit;
  readonly #watch: HeartbeatWatch;
  /** Grows with each IDENTIFY and RESUME, so that a held answer knows whether it still is one. */
  #attempt = 0;

  constructor(realm: Realm, wire: Wire, index: number, version: number) {
    this.realm = realm;
    this.#wire = wire;
    this.#index = index;
    this.#version = version;
    const { heartbeatIntervalMs } = realm.settings;
    this.#limit = new FrameLimit(realm.clock, heartbeatIntervalMs);
    this.#watch = new HeartbeatWatch(realm.clock, heartbeatIntervalMs, (silentMs) =>
      this.reject(4009, `no heartbeat for ${Math.round(silentMs)} ms`),
    );
  }

  /** @see https://discord.com/developers/docs/events/gateway#hello-event */
  greet(): void {
    this.realm.holds.hello.pass(() => {
      if (this.phase !== 'connected' || this.#wire.socket.readyState !== this.#wire.socket.OPEN) return;
      this.phase = 'greeted';
      this.say(Opcodes.Hello, { heartbeat_interval: this.realm.settings.heartbeatIntervalMs });
      this.#watch.start();
    });
  }

  receive(data: Buffer): void {
    if (this.phase === 'over') return;
    const packet = data.byteLength > MAX_PAYLOAD_BYTES ? null : packetFrom(data.toString());
    if (!this.#limit.take(packet?.op === Opcodes.Heartbeat)) {
      this.reject(4008, 'more than 120 frames in 60 s');
      return;
    }
    if (packet === null) {
      this.reject(4002, `a frame of ${data.byteLength} bytes that is too large or no JSON object with an op`);
      return;
    }
    this.received.push(packet);
    this.#obey(packet);
    this.realm.changed();
  }

  /** @see https://discord.com/developers/docs/events/gateway#sending-heartbeats */
  beat(): void {
    this.realm.stats.heartbeats += 1;
    this.#watch.beat();
    this.acks.pass(() => this.say(Opcodes.HeartbeatAck));
  }

  identify({ shard, intents, compress, presence }: Identification): void {
    this.realm.stats.identifies += 1;
    this.phase = 'identified';
    this.shard = shard;
    this.presence = presence ?? null;
    if (compress && !this.#wire.compressMessages(this.realm.settings.payloadCompressionBytes)) {
      this.note(null, 'IDENTIFY asked for payload compression on top of transport compression');
    }
    this.#whenLetThrough([this.realm.holds.ready, this.ready], () => {
      const session = this.realm.sessions.create(shard, intents);
      this.session = session;
      session.attach(this);
      session.dispatch('READY', jsonOf(readyData(this.realm, session, this.#version)));
      if ((intents & 1) === 0) return;
      const { guilds } = this.realm;
      for (const guild of guilds.of(shard)) session.dispatch('GUILD_CREATE', jsonOf(guilds.created(guild)));
    });
  }

  resume(session: FakeSession, after: number): void {
    this.realm.stats.resumes += 1;
    this.phase = 'identified';
    this.shard = session.shard;
    this.session = session;
    this.#whenLetThrough([this.realm.holds.resumed], () => {
      session.attach(this);
      session.replay(after);
    });
  }

  /** Closes for a breach of the rules. */
  reject(code: RejectCode, what: string): void {
    if (!BLAMELESS.has(this.phase)) this.note(code, what);
    this.close(code, CLOSE_REASONS[code]);
  }

  note(code: RejectCode | null, what: string): void {
    this.realm.stats.violations.push({ code, what, connection: this.#index, at: this.realm.clock.now() });
    this.realm.changed();
  }

  close(code?: number, reason?: string): void {
    if (this.phase === 'over') return;
    if (this.session !== null && code !== undefined && SESSION_ENDING_CLOSES.has(code)) this.realm.sessions.end(this.session);
    this.phase = 'over';
    this.#wire.close(code, reason);
  }

  /** Sends op 9, by which the session on this connection ends, or may be resumed. */
  invalidate(resumable: boolean): void {
    if (this.session !== null && !resumable) this.realm.sessions.end(this.session);
    if (this.phase === 'identified') this.phase = 'invalidated';
    this.#leave();
    this.session = null;
    this.say(Opcodes.InvalidSession, resumable);
  }

  say(op: number, d: unknown = null): void {
    if (this.phase !== 'over') this.#wire.send(`{"t":null,"s":null,"op":${op},"d":${jsonOf(d)}}`);
  }

  deliver(text: string): void {
    if (this.phase !== 'over') this.#wire.send(text);
  }

  superseded(): void {
    this.close(4000, 'The session was resumed on another connection.');
  }

  /** The client has begun to close. */
  goodbye(code: number): void {
    if (this.session !== null && CLIENT_GOODBYES.has(code)) this.realm.sessions.end(this.session);
    this.ended();
  }

  /** The socket is gone. */
  ended(): void {
    this.phase = 'over';
    this.#leave();
    this.#watch.stop();
  }

  #leave(): void {
    this.session?.detach(this, this.realm.clock.now());
  }

  #obey(packet: Packet): void {
    const rule = RULES.get(packet.op);
    const name = `${opcodeName(packet.op)} (op ${packet.op})`;
    if (rule === undefined) {
      this.reject(4001, `${name}, which is not for clients to send`);
      return;
    }
    const refusal = rule.refused[this.phase];
    if (refusal === undefined) rule.obey(this, packet.d, packet.op);
    else this.reject(refusal, `${name} while ${this.phase}`);
  }

  #whenLetThrough([first, ...rest]: readonly Hold[], go: () => void, attempt = ++this.#attempt): void {
    if (first !== undefined) first.pass(() => this.#whenLetThrough(rest, go, attempt));
    else if (this.phase === 'identified' && attempt === this.#attempt) {
      go();
      this.realm.changed();
    }
  }
}

function packetFrom(text: string): Packet | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && Number.isInteger(value['op']) ? (value as unknown as Packet) : null;
  } catch {
    return null;
  }
}
