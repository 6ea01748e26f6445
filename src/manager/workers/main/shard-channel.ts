/** One shard in one worker thread: the calls it was sent there, and the requests that come back from it. */
import type { IdentifyGate } from '../../../identify/identify-gate.ts';
import type { Session } from '../../../session/session.ts';
import type { SessionStore } from '../../../session/session-store.ts';
import { RECORD_CHANGE, isRecorder } from '../../../session/snapshot/snapshot-store.ts';
import type { ShardMessage, ThreadShardConfig, ToThread } from '../wire/messages.ts';
import { deserializeGatewayError, serializeError } from '../wire/serialized-error.ts';
import type { PendingCall } from './pending-call.ts';
import { PermitBroker } from './permit-broker.ts';
import type { ThreadClient, WorkerThread } from './worker-thread.ts';

/** A message about the shard itself. The channel answers all others. */
export type ShardUpdate = Exclude<ShardMessage, { kind: 'request' | 'permit' | 'response' }>;

interface ShardChannelOptions {
  readonly thread: WorkerThread;
  readonly config: ThreadShardConfig;
  readonly store: SessionStore;
  readonly gate: IdentifyGate;
  readonly onUpdate: (update: ShardUpdate) => void;
  /** Called when handling a message has thrown. */
  readonly onMessageFailed: (cause: unknown) => void;
  readonly onDispatch: ThreadClient['onDispatch'];
  readonly onRestored: ThreadClient['onRestored'];
  readonly onBatchEnd: ThreadClient['onBatchEnd'];
  readonly listenerWatch: ThreadClient['listenerWatch'];
}

/** What the thread asked for. */
interface Answer {
  readonly session?: Session | null;
  readonly snapshot?: Uint8Array | null;
}

type WithoutKey = ToThread extends infer M ? (M extends { readonly key: number } ? Omit<M, 'key'> : never) : never;

let lastKey = 0;
let lastCallId = 0;

export class ShardChannel implements ThreadClient {
  readonly key: number;
  readonly onDispatch: ThreadClient['onDispatch'];
  readonly onRestored: ThreadClient['onRestored'];
  readonly onBatchEnd: ThreadClient['onBatchEnd'];
  readonly listenerWatch: ThreadClient['listenerWatch'];
  readonly #options: ShardChannelOptions;
  readonly #calls = new Map<number, PendingCall>();
  readonly #permitBroker: PermitBroker;

  constructor(options: ShardChannelOptions) {
    lastKey += 1;
    this.key = lastKey;
    this.#options = options;
    this.onDispatch = options.onDispatch;
    this.onRestored = options.onRestored;
    this.onBatchEnd = options.onBatchEnd;
    this.listenerWatch = options.listenerWatch;
    const { thread, config, gate } = options;
    this.#permitBroker = new PermitBroker({
      shardId: config.shardId,
      gate,
      respond: (id, error) => this.#respond(id, {}, error),
      notifyBudgetSpent: (id, retryAfterMs) => thread.post({ type: 'budgetSpent', id, retryAfterMs }),
    });
    thread.add(this);
    this.post({ type: 'createShard', config });
  }

  get isBusy(): boolean {
    return this.#calls.size > 0;
  }

  startCall(call: PendingCall): void {
    lastCallId += 1;
    const id = lastCallId;
    this.#calls.set(id, call);
    const { method, args } = call;
    this.post({ type: 'request', id, method, args: JSON.stringify(args) });
    call.onAbort(() => this.#options.thread.post({ type: 'abort', id }));
  }

  post(message: WithoutKey): void {
    this.#options.thread.post({ ...message, key: this.key });
  }

  /** An error of our own concerns this shard, and not the others in the thread. */
  onMessage(message: ShardMessage): void {
    try {
      this.#handle(message);
    } catch (cause) {
      this.#options.onMessageFailed(cause);
    }
  }

  #handle(message: ShardMessage): void {
    if (message.kind === 'response') this.#onResponse(message);
    else if (message.kind === 'permit') this.#permitBroker[message.what](message.id);
    else if (message.kind !== 'request') this.#options.onUpdate(message);
    else if (message.what === 'permit') this.#permitBroker.request(message.id);
    else if (message.what === 'session')
      void this.#answer(message.id, async (store, shardId) => ({ session: await store.load(shardId) }));
    else
      void this.#answer(message.id, async (store, shardId) => ({
        snapshot: (await store.loadSnapshot?.(shardId)) ?? null,
      }));
  }

  /** Keeps a change of the guilds, in order with the dispatches. */
  onChange(frame: Buffer): void {
    const { store, config } = this.#options;
    if (isRecorder(store)) store[RECORD_CHANGE](config.shardId, frame);
  }

  /** Disposes of the shard in the thread and ignores its further messages. Returns the calls without an answer. */
  close(): PendingCall[] {
    this.post({ type: 'disposeShard' });
    this.#options.thread.remove(this);
    this.#permitBroker.close();
    const pendingCalls = [...this.#calls.values()];
    this.#calls.clear();
    return pendingCalls;
  }

  #onResponse({ id, value, error }: Extract<ShardMessage, { kind: 'response' }>): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === null) call?.resolve(value);
    else call?.reject(deserializeGatewayError(error));
  }

  async #answer(id: number, find: (store: SessionStore, shardId: number) => Promise<Answer>): Promise<void> {
    const { store, config } = this.#options;
    try {
      this.#respond(id, await find(store, config.shardId), null);
    } catch (error) {
      this.#respond(id, {}, error);
    }
  }

  /** @throws for a session that JSON can't hold */
  #respond(id: number, { session = null, snapshot = null }: Answer, error: unknown): void {
    this.#options.thread.post({
      type: 'response',
      id,
      session: JSON.stringify(session),
      snapshot,
      error: error === null ? null : serializeError(error),
    });
  }
}
