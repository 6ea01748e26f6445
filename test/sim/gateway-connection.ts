/** The gateway's end of one connection: what it hears, what it says, and in which pieces. */
import type { Packet } from '../../src/protocol/packets.ts';
import type { Dice } from './dice.ts';
import type { SimGateway } from './gateway.ts';
import type { GatewaySession, Speaker } from './gateway-session.ts';
import { Outbox } from './outbox.ts';
import type { SimSocket } from './sim-socket.ts';
import type { World } from './world.ts';

export class GatewayConnection implements Speaker {
  readonly socket: SimSocket;
  readonly dice: Dice;
  readonly #world: World;
  readonly #gateway: SimGateway;
  readonly #outbox: Outbox;
  isClosed = false;
  /** Told that its session is over: none begins on it any more. */
  isInvalidated = false;
  session: GatewaySession | null = null;
  /** What it does not answer for now. */
  pending: (() => void) | null = null;
  /** So many beats are not answered. */
  swallowAcks = 0;
  /** What of the session's log comes next. */
  #cursor = 0;
  /** Where the replay ends, and RESUMED is due. */
  #replayUntil: number | null = null;
  #resumedSequence: number | null = null;
  #isPumping = false;

  constructor(world: World, gateway: SimGateway, socket: SimSocket, dice: Dice) {
    this.#world = world;
    this.#gateway = gateway;
    this.socket = socket;
    this.dice = dice;
    this.#outbox = new Outbox(world.clock, dice, world.setting.compression, (frames) => {
      if (!this.isClosed) socket.link.toShard(() => socket.received(frames));
    });
  }

  say(packet: Packet): void {
    if (this.isClosed) return;
    if (packet.op === 9 && packet.d === false) this.isInvalidated = true;
    this.#world.chronicle.tell('gateway.said', { socket: this.socket, packet });
    this.#outbox.send(packet);
  }

  corrupt(): void {
    if (this.isClosed) return;
    this.#world.chronicle.tell('gateway.garbled', { socket: this.socket });
    this.#outbox.corrupt();
  }

  hear(text: string): void {
    if (this.isClosed) return;
    this.#world.chronicle.tell('gateway.heard', { socket: this.socket, text });
    const packet = JSON.parse(text) as Packet;
    this.#answers[packet.op]?.(packet.d);
  }

  readonly #answers: Readonly<Record<number, (d: unknown) => void>> = {
    1: () => {
      if (this.swallowAcks > 0) this.swallowAcks -= 1;
      else if (this.#world.weather.get('noAcks') === undefined) this.say({ op: 11 });
    },
    2: (d) => {
      this.#world.api.starts.count();
      this.#gateway.identify(this, d as { shard: [number, number] });
    },
    6: (d) => this.#gateway.resume(this, d as { session_id: string; seq: number }),
    8: (d) => this.#gateway.members(this, d as { guild_id: string; nonce: string }),
  };

  /** The shard has closed, or torn down. */
  sawClose(code: number | null): void {
    if (this.isClosed) return;
    this.#world.chronicle.tell('gateway.saw-close', { socket: this.socket, code });
    const { session } = this;
    const mayAnswer = code !== null && this.#world.weather.get('noCloseAnswer') === undefined;
    if (mayAnswer) this.socket.link.toShard(() => this.socket.receivedClose(code, '', 0));
    this.#end();
    if (session !== null && (code === 1000 || code === 1001)) this.#gateway.end(session, `the shard closed with ${code}`);
  }

  close(code: number, reason = ''): void {
    if (this.isClosed) return;
    this.#outbox.flush();
    this.#world.chronicle.tell('gateway.closed', { socket: this.socket, code });
    const finishMs = this.dice.chance(0.8) ? 0 : this.dice.int(1, 2_000);
    this.socket.link.toShard(() => this.socket.receivedClose(code, reason, finishMs));
    this.#end();
  }

  /** The TCP connection goes, without a word. */
  drop(): void {
    if (this.isClosed) return;
    this.#world.chronicle.tell('gateway.closed', { socket: this.socket, code: null });
    const error = this.dice.chance(0.5) ? new Error('read ECONNRESET') : null;
    this.socket.link.toShard(() => this.socket.dropped(error));
    this.#end();
  }

  /** Speaks for this session from now on, after what was missed. */
  attach(session: GatewaySession, from: number, isReplay: boolean): void {
    const before = session.speaker;
    session.speaker = this;
    this.session = session;
    before?.drop();
    this.#cursor = from;
    this.#replayUntil = isReplay ? session.log.length : null;
    if (isReplay) this.#numberResumed(session);
    this.pump();
  }

  /** Says what the session has to say; a replay in bursts. */
  pump(): void {
    const { session } = this;
    if (session === null || session.speaker !== this || this.#isPumping) return;
    if (this.#replayUntil !== null) return this.#replay(session, this.#replayUntil);
    for (; this.#cursor < session.log.length; this.#cursor += 1) this.#sayNext(session);
  }

  #replay(session: GatewaySession, until: number): void {
    this.#isPumping = true;
    const burst = this.dice.chance(0.5) ? Infinity : this.dice.int(1, 20);
    for (let said = 0; said < burst && this.#cursor < until; said += 1, this.#cursor += 1) this.#sayNext(session);
    const finish = (): void => {
      this.#isPumping = false;
      if (session.speaker !== this || this.isClosed) return;
      if (this.#cursor >= until && this.#world.weather.get('endlessReplay') === undefined) {
        this.#replayUntil = null;
        this.say({ op: 0, t: 'RESUMED', s: this.#resumedSequence, d: { _trace: [] } });
      } else if (this.#cursor >= until) this.pending = () => this.pump();
      if (this.pending === null) this.pump();
    };
    if (burst === Infinity) finish();
    else this.#world.clock.outside(finish, this.dice.int(0, 200));
  }

  #sayNext(session: GatewaySession): void {
    const { s, t, d } = session.log[this.#cursor]!;
    this.say({ op: 0, t, s, d });
  }

  /** RESUMED has its place before what is said while it replays. */
  #numberResumed(session: GatewaySession): void {
    const kind = this.#world.setting.resumedSequence;
    if (kind === 'next') session.sequence += 1;
    this.#resumedSequence = kind === 'none' ? null : session.sequence;
  }

  #end(): void {
    this.isClosed = true;
    this.pending = null;
    this.#outbox.close();
    const { session } = this;
    if (session !== null && session.speaker === this) this.#gateway.detach(session);
  }
}
