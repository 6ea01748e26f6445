/**
 * A running machine in the clothes of an interpreter of XState 4. It only looks: nothing an inspector does reaches the
 * machine, and the first throw of an inspector is the last it is told.
 */
import type { AnyActorRef, AnyMachineSnapshot, InspectionEvent } from 'xstate';
import type { LegacyDefinition } from './definition.ts';
import type { InspectedService, LegacySubscription } from './dev-tools.ts';
import { INIT, legacyEvent, legacyState } from './state.ts';
import type { LegacyEvent, LegacyState } from './state.ts';

export interface LegacyServiceOptions {
  readonly id: string;
  readonly sessionId: string;
  readonly actor: AnyActorRef;
  readonly definition: LegacyDefinition;
  readonly onDetached: (cause: unknown) => void;
}

type Send = InspectedService['send'];

/** What an inspector sends is not for the shard. */
const ignore: Send = () => undefined;

export class LegacyService implements InspectedService {
  readonly id: string;
  readonly sessionId: string;
  readonly machine: InspectedService['machine'];
  readonly #actor: AnyActorRef;
  readonly #onDetached: (cause: unknown) => void;
  readonly #recorders: Send[] = [];
  readonly #listeners = new Set<(state: LegacyState) => void>();
  readonly #stopListeners = new Set<() => void>();
  readonly #watches: readonly LegacySubscription[];
  #state: LegacyState;
  #isOver = false;

  constructor({ id, sessionId, actor, definition, onDetached }: LegacyServiceOptions) {
    this.id = id;
    this.sessionId = sessionId;
    this.machine = { definition, toJSON: () => definition };
    this.#actor = actor;
    this.#onDetached = onDetached;
    this.#state = legacyState(actor.getSnapshot() as AnyMachineSnapshot, INIT, sessionId);
    const stop = (): void => this.stop();
    this.#watches = [
      actor.system.inspect((event: InspectionEvent) => this.#see(event)),
      actor.subscribe({ error: stop, complete: stop }),
    ];
  }

  get state(): LegacyState {
    return this.#state;
  }

  get send(): Send {
    return ignore;
  }

  /** Kept apart from what is read: it is told what the machine was sent, and not what was ignored. */
  set send(recorder: Send) {
    this.#recorders.push(recorder);
  }

  subscribe(listener: (state: LegacyState) => void): LegacySubscription {
    this.#listeners.add(listener);
    return { unsubscribe: () => void this.#listeners.delete(listener) };
  }

  onStop(listener: () => void): void {
    this.#stopListeners.add(listener);
  }

  /** Runs what calls into the inspector. */
  guard(work: () => void): void {
    try {
      work();
    } catch (cause) {
      if (this.#isOver) return;
      this.stop();
      // The machine may be in the middle of a step: whoever hears of this must not be called from inside it.
      queueMicrotask(() => this.#onDetached(cause));
    }
  }

  /** The inspector is told once that the machine has stopped, and nothing after that. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const watch of this.#watches) watch.unsubscribe();
    for (const listener of this.#stopListeners) this.guard(listener);
  }

  /** Guarded as a whole: a throw in here would be one in the middle of a step of the machine. */
  #see(event: InspectionEvent): void {
    if (event.actorRef !== this.#actor) return;
    this.guard(() => {
      if (event.type === '@xstate.event') this.#tellEvent(legacyEvent(event.event));
      if (event.type === '@xstate.snapshot') this.#tellState(legacyEvent(event.event), event.snapshot as AnyMachineSnapshot);
    });
  }

  #tellEvent(event: LegacyEvent): void {
    for (const record of this.#recorders) record(event);
  }

  #tellState(event: LegacyEvent, snapshot: AnyMachineSnapshot): void {
    this.#state = legacyState(snapshot, event, this.sessionId);
    for (const listener of this.#listeners) listener(this.#state);
  }
}
