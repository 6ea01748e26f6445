/** The place of one shard id: its store, and the lives that follow each other on it. */
import type { Session, ShardEvents } from '../../src/index.ts';
import type { Dice } from './dice.ts';
import { stream } from './dice.ts';
import { Life } from './life.ts';
import type { Place } from './user.ts';
import type { World } from './world.ts';

export class Slot implements Place {
  readonly world: World;
  readonly shardId: number;
  readonly lives: Life[] = [];
  readonly #dice: Dice;
  readonly stored = new Map<number, Session>();
  life: Life;
  /** How likely the user connects again after the shard has given up. */
  persistence = 0.8;
  #ids = 0;

  constructor(world: World, shardId: number) {
    this.world = world;
    this.shardId = shardId;
    this.#dice = stream(world.setting.seed, `user ${shardId}`);
    this.life = this.#begin(null);
  }

  get name(): string {
    return String(this.shardId);
  }

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  /** Ready, on a connection that leads somewhere. */
  get isWell(): boolean {
    const socket = this.life.sockets.at(-1);
    return this.life.shard.state === 'ready' && socket?.readyState === 1 && !socket.link.isDeaf && socket.connection?.isClosed === false;
  }

  /** Another process takes over, perhaps with the session in its hands. */
  restart(session: Session | null): void {
    this.life.isOver = true;
    if (!this.world.setting.hasStore) this.stored.clear();
    this.life = this.#begin(session);
  }

  /** A user who is told that the shard has given up may try again. */
  react(life: Life, name: keyof ShardEvents, arg: unknown): void {
    const gaveUp = name === 'failed' || (name === 'disconnected' && !(arg as ShardEvents['disconnected'][0]).willReconnect);
    if (gaveUp) this.comeBack(life, this.#dice.int(0, 30_000));
  }

  comeBack(life: Life, afterMs: number): void {
    if (!this.#dice.chance(this.persistence)) return;
    this.world.clock.later(() => {
      if (life === this.life && this.persistence > 0) this.connect();
    }, afterMs);
  }

  connect(signal?: AbortSignal): void {
    const { life, world } = this;
    world.chronicle.tell('deed', { life, name: 'connect', what: signal === undefined ? '' : 'with a signal' });
    life.hold('connect', () => life.shard.connect(signal === undefined ? {} : { signal }));
  }

  #begin(session: Session | null): Life {
    const life = new Life(this.world, this, this.lives.length + 1, session);
    this.lives.push(life);
    return life;
  }
}
