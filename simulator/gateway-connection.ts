/** The gateway's end of one connection: it receives packets, answers them, and replays sessions. */
import type { Packet } from '../src/protocol/packets.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { SimGateway } from './gateway.ts';
import type { GatewaySession, SessionConnection } from './gateway-session.ts';
import { FramePacker } from './frame-packer.ts';
import { refusalOf } from './refusal.ts';
import type { SimSocket } from './sim-socket.ts';
import type { World } from './world.ts';

export class GatewayConnection implements SessionConnection {
  readonly socket: SimSocket;
  readonly random: SeededRandom;
  readonly #world: World;
  readonly #gateway: SimGateway;
  readonly #packer: FramePacker;
  isClosed = false;
  /** Whether the gateway has sent op 9 `false`. No session begins on this connection after that. */
  isInvalidated = false;
  session: GatewaySession | null = null;
  /** The answer that a condition holds back. */
  pending: (() => void) | null = null;
  /** How many heartbeats get no ACK. */
  acksToSkip = 0;
  /** The index in the session's log of the next dispatch. */
  #cursor = 0;
  /** The index at which the replay ends and RESUMED follows; `null` without a replay. */
  #replayUntil: number | null = null;
  #resumedSequence: number | null = null;
  #isReplaying = false;

  constructor(world: World, gateway: SimGateway, socket: SimSocket, random: SeededRandom) {
    this.#world = world;
    this.#gateway = gateway;
    this.socket = socket;
    this.random = random;
    this.#packer = new FramePacker(world.clock, random, world.setting.compression, (frames) => {
      if (!this.isClosed) socket.link.toShard(() => socket.onReceived(frames));
    });
  }

  /** @param text - what is sent instead, if it is no JSON */
  send(packet: Packet, text?: string): void {
    if (this.isClosed) return;
    if (packet.op === 9 && packet.d === false) this.isInvalidated = true;
    this.#world.eventLog.record('gateway.sent', { socket: this.socket, packet });
    if (text !== undefined) this.#world.eventLog.record('gateway.sentGarbage', { socket: this.socket });
    this.#packer.send(packet, text);
  }

  corrupt(): void {
    if (this.isClosed) return;
    this.#world.eventLog.record('gateway.sentGarbage', { socket: this.socket });
    this.#packer.corrupt();
  }

  receive(text: string): void {
    if (this.isClosed) return;
    this.#world.eventLog.record('gateway.received', { socket: this.socket, text });
    const packet = JSON.parse(text) as Packet;
    const refusal = refusalOf(text);
    if (refusal !== null) {
      if (packet.op === 2) this.#world.api.starts.recordIdentify();
      return this.close(refusal.code);
    }
    this.#handlers[packet.op]?.(packet.d);
  }

  readonly #handlers: Readonly<Record<number, (d: unknown) => void>> = {
    1: () => {
      if (this.acksToSkip > 0) this.acksToSkip -= 1;
      else if (this.#world.conditions.get('noAcks') === undefined) this.send({ op: 11 });
    },
    2: (d) => {
      this.#world.api.starts.recordIdentify();
      this.#gateway.identify(this, d as { shard: [number, number] });
    },
    6: (d) => this.#gateway.resume(this, d as { session_id: string; seq: number }),
    8: (d) => this.#gateway.requestMembers(this, d as { guild_id: string; nonce: string }),
  };

  /** The shard has closed with a code, or terminated the socket (`null`). */
  onShardClose(code: number | null): void {
    if (this.isClosed) return;
    this.#world.eventLog.record('gateway.closeReceived', { socket: this.socket, code });
    const { session } = this;
    const mayAnswer = code !== null && this.#world.conditions.get('noCloseAnswer') === undefined;
    if (mayAnswer) this.socket.link.toShard(() => this.socket.onCloseReceived(code, '', 0));
    this.#end();
    if (session !== null && (code === 1000 || code === 1001))
      this.#gateway.endSession(session, `the shard closed with ${code}`);
  }

  close(code: number, reason = ''): void {
    if (this.isClosed) return;
    this.#packer.flush();
    this.#world.eventLog.record('gateway.closed', { socket: this.socket, code });
    const finishMs = this.random.chance(0.8) ? 0 : this.random.int(1, 2_000);
    this.socket.link.toShard(() => this.socket.onCloseReceived(code, reason, finishMs));
    this.#end();
  }

  /** Drops the TCP connection without a close frame. */
  drop(): void {
    if (this.isClosed) return;
    this.#world.eventLog.record('gateway.closed', { socket: this.socket, code: null });
    const error = this.random.chance(0.5) ? new Error('read ECONNRESET') : null;
    this.socket.link.toShard(() => this.socket.onDropped(error));
    this.#end();
  }

  /** Sends for this session from now on, beginning with the dispatches that were missed. */
  attach(session: GatewaySession, from: number, isReplay: boolean): void {
    const previous = session.connection;
    session.connection = this;
    this.session = session;
    previous?.drop();
    this.#cursor = from;
    this.#replayUntil = isReplay ? session.log.length : null;
    if (isReplay) this.#assignResumedSequence(session);
    this.sendPending();
  }

  /** The sequence of the last dispatch that the shard has been sent or has confirmed; 0 before the first. */
  get sentSequence(): number {
    return this.session?.log[this.#cursor - 1]?.s ?? 0;
  }

  /** Sends the pending dispatches of the session; a replay in bursts. */
  sendPending(): void {
    const { session } = this;
    if (session === null || session.connection !== this || this.#isReplaying) return;
    if (this.#replayUntil !== null) return this.#replay(session, this.#replayUntil);
    for (; this.#cursor < session.log.length; this.#cursor += 1) this.#sendNext(session);
  }

  #replay(session: GatewaySession, until: number): void {
    this.#isReplaying = true;
    const burst = this.random.chance(0.5) ? Infinity : this.random.int(1, 20);
    for (let sent = 0; sent < burst && this.#cursor < until; sent += 1, this.#cursor += 1) this.#sendNext(session);
    const finish = (): void => {
      this.#isReplaying = false;
      if (session.connection !== this || this.isClosed) return;
      if (this.#cursor >= until && this.#world.conditions.get('endlessReplay') === undefined) {
        this.#replayUntil = null;
        this.send({ op: 0, t: 'RESUMED', s: this.#resumedSequence, d: { _trace: [] } });
        if (this.#world.conditions.get('garbageAfterResumed') !== undefined) this.corrupt();
      } else if (this.#cursor >= until) this.pending = () => this.sendPending();
      if (this.pending === null) this.sendPending();
    };
    if (burst === Infinity) finish();
    else this.#world.clock.scheduleInWorld(finish, this.random.int(0, 200));
  }

  #sendNext(session: GatewaySession): void {
    const { s, t, d, poison } = session.log[this.#cursor]!;
    this.send({ op: 0, t, s, d }, poison);
  }

  /** RESUMED gets its sequence before the dispatches that happen during the replay. */
  #assignResumedSequence(session: GatewaySession): void {
    const kind = this.#world.setting.resumedSequence;
    if (kind === 'next') session.sequence += 1;
    this.#resumedSequence = kind === 'none' ? null : session.sequence;
  }

  #end(): void {
    this.isClosed = true;
    this.pending = null;
    this.#packer.close();
    const { session } = this;
    if (session !== null && session.connection === this) this.#gateway.detach(session);
  }
}
