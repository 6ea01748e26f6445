/** Those who look closely at one machine: while there is anybody, each step of its actor is told. */
import type { AnyActorRef } from 'xstate';
import type { Entry } from './messages.ts';
import { followSteps } from './steps.ts';

export interface WatchHost {
  now(): number;
  /** What only those are told who look. */
  logDetail(entry: Entry): void;
}

export class Watch {
  readonly #host: WatchHost;
  #watchers = 0;
  #followed: AnyActorRef | null = null;
  #stopFollowing: (() => void) | null = null;

  constructor(host: WatchHost) {
    this.#host = host;
  }

  get isOn(): boolean {
    return this.#watchers > 0;
  }

  /** One more looks. Gives back whether nobody did before. */
  begin(): boolean {
    this.#watchers += 1;
    return this.#watchers === 1;
  }

  /** One less looks. Gives back whether that was the last. */
  end(): boolean {
    if (!this.isOn) return false;
    this.#watchers -= 1;
    if (this.isOn) return false;
    this.#stop();
    return true;
  }

  /** Tells of this actor from now on, if anybody looks. One that took the place of another is followed instead of it. */
  follow(actor: AnyActorRef | null): void {
    if (actor === null || !this.isOn || this.#followed === actor) return;
    this.#stop();
    this.#followed = actor;
    this.#stopFollowing = followSteps(actor, ({ event, taken, active }) =>
      this.#host.logDetail({ at: this.#host.now(), kind: 'event', text: event, taken, active }),
    );
  }

  /** Nobody looks any more. */
  close(): void {
    this.#watchers = 0;
    this.#stop();
  }

  #stop(): void {
    this.#stopFollowing?.();
    this.#stopFollowing = null;
    this.#followed = null;
  }
}
