/** The place of a bot: its store, and the processes that follow each other, each with a manager. */
import type { Session } from '../../../src/index.ts';
import { stream } from '../dice.ts';
import type { Dice } from '../dice.ts';
import type { Place } from '../user.ts';
import type { World } from '../world.ts';
import { BotLife } from './bot-life.ts';

/** A process is not started in the second in which the last one ended: what that had sent has arrived. */
const RESTART_MS = [6_000, 30_000] as const;

export class Bot implements Place {
  readonly name = 'bot';
  readonly world: World;
  readonly lives: BotLife[] = [];
  readonly stored = new Map<number, Session>();
  readonly #dice: Dice;
  life: BotLife;
  /** How likely the user connects again after the manager has given up. */
  persistence = 0.8;
  #ids = 0;

  constructor(world: World) {
    this.world = world;
    this.#dice = stream(world.setting.seed, 'owner');
    this.life = this.#begin();
  }

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  /** Running, each shard ready on a connection that leads somewhere. */
  get isWell(): boolean {
    const { manager, sockets } = this.life;
    if (this.life.isOver || manager.state !== 'running') return false;
    const lines = sockets.filter(({ readyState, link, connection }) => readyState === 1 && !link.isDeaf && connection?.isClosed === false);
    return [...manager.shards.values()].every(({ state, session }) =>
      state === 'ready' && lines.some(({ connection }) => connection?.session?.id === session?.sessionId));
  }

  /** Some of it will not come up by itself. */
  get isAtRest(): boolean {
    const { manager } = this.life;
    if (manager.state === 'stopped' || manager.state === 'failed' || manager.state === 'draining') return true;
    return manager.state === 'running' && [...manager.shards.values()].some(({ state }) => state === 'failed' || state.startsWith('disconnect'));
  }

  comeBack(life: BotLife, afterMs: number): void {
    if (!this.#dice.chance(this.persistence)) return;
    this.world.clock.later(() => {
      if (life === this.life && !life.isOver && this.persistence > 0) this.connect();
    }, afterMs);
  }

  /** A user who is told that something has been given up may try again. */
  react(life: BotLife): void {
    this.comeBack(life, this.#dice.int(0, 30_000));
  }

  connect(signal?: AbortSignal): void {
    const { life, world } = this;
    if (life.isOver) return;
    world.chronicle.tell('deed', { life, name: 'connect', what: signal === undefined ? '' : 'with a signal' });
    life.hold('connect', () => life.manager.connect(signal === undefined ? {} : { signal }));
  }

  /** The process is over; before long another one takes over. */
  end(life: BotLife, gently: boolean): void {
    const { world } = this;
    if (life.isOver) return;
    life.isOver = true;
    world.chronicle.tell('bot.over', { life, gently });
    if (!world.setting.hasStore) this.stored.clear();
    for (const socket of life.sockets) socket.abandon();
    // Frees what it holds. It can neither say nor write anything any more.
    life.manager.forceClose();
    world.clock.outside(() => this.#next(), this.#dice.int(...RESTART_MS));
  }

  #next(): void {
    this.life = this.#begin();
    if (this.persistence > 0) this.connect();
  }

  #begin(): BotLife {
    const life = new BotLife(this.world, this, this.lives.length + 1);
    this.lives.push(life);
    return life;
  }
}
