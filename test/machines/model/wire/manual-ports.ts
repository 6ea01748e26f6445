/** An identify gate and a session store that answer when the test says so. */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../../../src/identify/identify-gate.ts';
import { GatewayError } from '../../../../src/protocol/errors.ts';
import { LACKS_SESSION } from '../../../../src/session/lacks-session.ts';
import type { ForwardingSessionStore } from '../../../../src/session/lacks-session.ts';
import type { Session } from '../../../../src/session/session.ts';
import { encodeFrame } from '../../../../src/session/snapshot/snapshot-frame.ts';

/** The pending calls in order. Settling an abandoned call has no effect. */
class PendingCalls<Result> {
  readonly #calls: PromiseWithResolvers<Result>[] = [];
  #changed = Promise.withResolvers<void>();

  add(): Promise<Result> {
    const call = Promise.withResolvers<Result>();
    this.#calls.push(call);
    this.#changed.resolve();
    return call.promise;
  }

  /** Resolves with the `count`-th call, which may still be to come. */
  async nth(count: number): Promise<PromiseWithResolvers<Result>> {
    for (;;) {
      const call = this.#calls[count - 1];
      if (call !== undefined) return call;
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
  }
}

const PERMIT: IdentifyPermit = { sent: () => undefined, release: () => undefined };

export class ManualIdentifyGate implements IdentifyGate {
  readonly calls = new PendingCalls<IdentifyPermit>();

  acquire({ signal }: IdentifyRequest): Promise<IdentifyPermit> {
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => aborted.reject(signal.reason));
    return Promise.race([this.calls.add(), aborted.promise]);
  }

  async grant(count: number): Promise<void> {
    (await this.calls.nth(count)).resolve(PERMIT);
  }

  async refuse(count: number): Promise<void> {
    (await this.calls.nth(count)).reject(new Error('the gate failed'));
  }
}

const SHARD_ID = 0;

/** Stores nothing; the test decides what `load()` finds. */
export class ManualSessionStore implements ForwardingSessionStore {
  readonly calls = new PendingCalls<Session | null>();
  #isEmpty = false;

  /** Knows, while `run` runs, that it has no session. */
  whileEmpty(run: () => void): void {
    this.#isEmpty = true;
    run();
    this.#isEmpty = false;
  }

  [LACKS_SESSION](): boolean {
    return this.#isEmpty;
  }

  load(shardId: number): Promise<Session | null> {
    // After a first start, the shard looks for sessions of a higher shard count.
    return shardId === SHARD_ID ? this.calls.add() : Promise.resolve(null);
  }

  readonly snapshotCalls = new PendingCalls<Uint8Array | null>();
  #session: Session | null = null;

  save(): Promise<void> {
    return Promise.resolve();
  }

  loadSnapshot(): Promise<Uint8Array | null> {
    return this.snapshotCalls.add();
  }

  saveSnapshot(): Promise<void> {
    return Promise.resolve();
  }

  appendSnapshot(): Promise<void> {
    return Promise.resolve();
  }

  clearSnapshot(): Promise<void> {
    return Promise.resolve();
  }

  clear(): Promise<void> {
    return Promise.resolve();
  }

  async find(count: number, session: Session | null): Promise<void> {
    this.#session = session === null ? null : { ...session, snapshotSequence: session.sequence };
    (await this.calls.nth(count)).resolve(this.#session);
  }

  /** Finds a snapshot for the session that was found last. */
  async findSnapshot(count: number): Promise<void> {
    const { sessionId = '', sequence: s = 0 } = this.#session ?? {};
    const ready = { sessionId, t: 'READY', s, previous: 0, guildId: null };
    (await this.snapshotCalls.nth(count)).resolve(encodeFrame(ready, Buffer.from('{}')));
  }

  async failSnapshot(count: number): Promise<void> {
    (await this.snapshotCalls.nth(count)).resolve(null);
  }

  async fail(count: number): Promise<void> {
    (await this.calls.nth(count)).reject(new Error('no disk'));
  }

  async refuse(count: number): Promise<void> {
    (await this.calls.nth(count)).reject(new GatewayError('SESSION_IN_USE', 'another process'));
  }
}
