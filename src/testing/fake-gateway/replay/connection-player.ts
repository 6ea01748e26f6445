/** Plays what the gateway did on one recorded connection, on a connection of the client that is tested. */
import type { Clock } from '../../../clock.ts';
import { MAX_TIMER_MS } from '../../../clock.ts';
import type { FakeConnection } from '../fake-connection.ts';
import type { Latch } from '../latch.ts';
import type { MadeUpData } from './made-up-data.ts';
import type { Act, Anchor, ConnectionStretch, ScriptedKind, TimedAct } from './replay-script.ts';

/** Dispatches of one record are spread over its time in parts. */
const PART_MS = 50;
const MAX_PARTS = 20;

export interface PlayerDependencies {
  readonly clock: Clock;
  /** What divides all times. */
  readonly speed: number;
  readonly data: MadeUpData;
  /** Sends a dispatch to the session of the connection, or keeps it for the replay of a RESUME. */
  readonly dispatch: (connection: FakeConnection, t: string, d: unknown) => void;
  /** Called when everything was done, or the connection has closed. */
  readonly onDone: () => void;
}

export class ConnectionPlayer {
  readonly #connection: FakeConnection;
  readonly #stretch: ConnectionStretch;
  /** Holds READY or RESUMED. */
  readonly #answer: Latch;
  readonly #dependencies: PlayerDependencies;
  readonly #timers = new Set<unknown>();
  #left: number;

  constructor(connection: FakeConnection, stretch: ConnectionStretch, answer: Latch, dependencies: PlayerDependencies) {
    this.#connection = connection;
    this.#stretch = stretch;
    this.#answer = answer;
    this.#dependencies = dependencies;
    this.#left = stretch.acts.length;
    if (this.#left === 0) dependencies.onDone();
  }

  /** Schedules what happened from this moment of the connection on. */
  begin(anchor: Anchor): void {
    for (const timed of this.#stretch.acts) if (timed.anchor === anchor) this.#schedule(timed);
  }

  stop(): void {
    for (const timer of this.#timers) this.#dependencies.clock.clearTimeout(timer);
    this.#timers.clear();
  }

  #schedule({ afterMs, act }: TimedAct): void {
    this.#later(afterMs, () => {
      this.#perform(act);
      this.#left -= 1;
      if (this.#left === 0) this.#dependencies.onDone();
    });
  }

  #later(delayMs: number, callback: () => void): void {
    const { clock, speed } = this.#dependencies;
    const timer = clock.setTimeout(
      () => {
        this.#timers.delete(timer);
        callback();
      },
      Math.min(delayMs / speed, MAX_TIMER_MS),
    );
    this.#timers.add(timer);
  }

  #perform(act: Act): void {
    const connection = this.#connection;
    switch (act.kind) {
      case 'requestHeartbeat':
        return connection.requestHeartbeat();
      case 'requestReconnect':
        return connection.requestReconnect();
      case 'invalidate':
        return connection.invalidateSession(act.isResumable);
      case 'holdAcks':
        return connection.holdAcks();
      case 'releaseAcks':
        return connection.releaseAcks();
      case 'fallSilent':
        return this.#fallSilent();
      case 'corrupt':
        return connection.corrupt();
      case 'drop':
        // What came before the loss was recorded as received.
        return connection.end();
      case 'close':
        return this.#close(act.code);
      case 'answer':
        this.#dispatchAll(act.missed);
        this.#answer.release();
        return this.begin('answered');
      case 'dispatches':
        return this.#dispatchOver(act.periodMs, act.kinds);
    }
  }

  #fallSilent(): void {
    this.#connection.holdAcks();
    this.#connection.ignoreCloses();
  }

  /** Some codes stand for a close without a code or without a close frame. */
  #close(code: number): void {
    if (code === 1005) this.#connection.close();
    else if (isSendable(code)) this.#connection.close(code);
    else this.#connection.end();
  }

  #dispatchAll(kinds: readonly ScriptedKind[]): void {
    const { data, dispatch } = this.#dependencies;
    for (const { t, count, bytes } of kinds) {
      const d = data.of(t, bytes);
      for (let n = 0; n < count; n += 1) dispatch(this.#connection, t, d);
    }
  }

  #dispatchOver(periodMs: number, kinds: readonly ScriptedKind[]): void {
    const parts = Math.min(Math.max(1, Math.ceil(periodMs / PART_MS)), MAX_PARTS);
    const upTo = (count: number, part: number): number => Math.floor((count * part) / parts);
    for (let part = 0; part < parts; part += 1) {
      const ofPart = kinds
        .map((kind) => ({ ...kind, count: upTo(kind.count, part + 1) - upTo(kind.count, part) }))
        .filter(({ count }) => count > 0);
      if (ofPart.length > 0) this.#later((periodMs * part) / parts, () => this.#dispatchAll(ofPart));
    }
  }
}

/** Whether a close frame may carry this code. */
const isSendable = (code: number): boolean =>
  (code >= 3000 && code <= 4999) || (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code));
