/**
 * Presents a running machine as an XState 4 interpreter. It is read-only, so nothing an inspector does reaches the
 * machine. An inspector that throws is detached.
 */
import type { AnyActorRef, AnyMachineSnapshot, InspectionEvent } from 'xstate';
import type { XState4Definition } from './definition.ts';
import type { InspectedXState4Service, XState4Subscription } from './dev-tools.ts';
import { INIT, toXState4Event, toXState4State } from './state.ts';
import type { XState4Event, XState4State } from './state.ts';

export interface XState4ServiceOptions {
  readonly id: string;
  readonly sessionId: string;
  readonly actor: AnyActorRef;
  readonly definition: XState4Definition;
  readonly onDetached: (cause: unknown) => void;
}

type Send = InspectedXState4Service['send'];

/** The shard ignores what an inspector sends. */
const ignore: Send = () => undefined;

export class XState4Service implements InspectedXState4Service {
  readonly id: string;
  readonly sessionId: string;
  readonly machine: InspectedXState4Service['machine'];
  readonly #actor: AnyActorRef;
  readonly #onDetached: (cause: unknown) => void;
  readonly #recorders: Send[] = [];
  readonly #listeners = new Set<(state: XState4State) => void>();
  readonly #stopListeners = new Set<() => void>();
  readonly #subscriptions: readonly XState4Subscription[];
  #state: XState4State;
  #isStopped = false;

  constructor({ id, sessionId, actor, definition, onDetached }: XState4ServiceOptions) {
    this.id = id;
    this.sessionId = sessionId;
    this.machine = { definition, toJSON: () => definition };
    this.#actor = actor;
    this.#onDetached = onDetached;
    this.#state = toXState4State(actor.getSnapshot() as AnyMachineSnapshot, INIT, sessionId);
    const stop = (): void => this.stop();
    this.#subscriptions = [
      actor.system.inspect((event: InspectionEvent) => this.#onInspection(event)),
      actor.subscribe({ error: stop, complete: stop }),
    ];
  }

  get state(): XState4State {
    return this.#state;
  }

  get send(): Send {
    return ignore;
  }

  /** The recorder is not returned by the getter, so that it records only events that the machine received. */
  set send(recorder: Send) {
    this.#recorders.push(recorder);
  }

  subscribe(listener: (state: XState4State) => void): XState4Subscription {
    this.#listeners.add(listener);
    return { unsubscribe: () => void this.#listeners.delete(listener) };
  }

  onStop(listener: () => void): void {
    this.#stopListeners.add(listener);
  }

  /** Runs code of the inspector, and detaches the inspector if it throws. */
  guard(call: () => void): void {
    try {
      call();
    } catch (cause) {
      if (this.#isStopped) return;
      this.stop();
      // The machine may be in the middle of a step, and the user's callback must not run inside it.
      queueMicrotask(() => this.#onDetached(cause));
    }
  }

  /** Notifies the inspector once that the machine has stopped, and of nothing after that. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    for (const listener of this.#stopListeners) this.guard(listener);
  }

  /** Guarded as a whole, because a throw here would break a step of the machine. */
  #onInspection(event: InspectionEvent): void {
    if (event.actorRef !== this.#actor) return;
    this.guard(() => {
      if (event.type === '@xstate.event') this.#notifyEvent(toXState4Event(event.event));
      if (event.type === '@xstate.snapshot')
        this.#notifyState(toXState4Event(event.event), event.snapshot as AnyMachineSnapshot);
    });
  }

  #notifyEvent(event: XState4Event): void {
    for (const record of this.#recorders) record(event);
  }

  #notifyState(event: XState4Event, snapshot: AnyMachineSnapshot): void {
    this.#state = toXState4State(snapshot, event, this.sessionId);
    for (const listener of this.#listeners) listener(this.#state);
  }
}
