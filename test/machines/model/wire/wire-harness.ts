/** A real shard and a real gateway, with manual sockets, store and gate, for tests on the wire. */
import type { GatewayReadyDispatchData } from 'discord-api-types/v10';
import type { InspectionEvent } from 'xstate';
import { Shard } from '../../../../src/index.ts';
import type { Session } from '../../../../src/index.ts';
import { FakeGateway, VirtualClock } from '../../../../src/testing/index.ts';
import type { FakeConnection } from '../../../../src/testing/index.ts';
import { RawClient } from '../../../testing/fake-gateway/raw-client.ts';
import { TOKEN } from '../../../kit/virtual-shard.ts';
import { INTERVAL_MS } from '../../shard-events.ts';
import { TIMING, random } from '../shard-model.ts';
import type { ShardSnapshot } from '../shard-model.ts';
import { SILENCE_MS } from '../shard-walk.ts';
import type { ShardPath } from '../shard-walk.ts';
import { ManualIdentifyGate, ManualSessionStore } from './manual-ports.ts';
import { ManualSocket } from './manual-socket.ts';
import { StepLog } from './step-log.ts';

type Place = 'restoring' | 'warmingUp' | 'queued';

const isIn = (snapshot: ShardSnapshot | undefined, place: Place): boolean => {
  if (place === 'queued') return snapshot?.matches({ online: { session: { identifying: 'queued' } } }) === true;
  return snapshot?.value === place && (place === 'warmingUp' || snapshot.context.session === null);
};

/** Creates a session at the gateway and loses its connection. */
async function createLostSession(gateway: FakeGateway): Promise<Session> {
  const client = await RawClient.ready(gateway, { token: TOKEN });
  const { d } = client.packets.find(({ t }) => t === 'READY')!;
  const { session_id: sessionId, resume_gateway_url: resumeUrl } = d as GatewayReadyDispatchData;
  client.socket.terminate();
  return { sessionId, resumeUrl, sequence: 1, shardId: 0, shardCount: 1 };
}

export class WireHarness implements AsyncDisposable {
  readonly clock = new VirtualClock({ startAt: 0 });
  readonly log = new StepLog();
  readonly gate = new ManualIdentifyGate();
  readonly store = new ManualSessionStore();
  readonly gateway: FakeGateway;
  readonly shard: Shard;
  readonly #sessions: Session[];
  readonly #sockets: ManualSocket[] = [];
  #framesRead = 0;
  /** How often each state was entered. */
  readonly #entries = { restoring: 0, warmingUp: 0, queued: 0 };

  private constructor(
    gateway: FakeGateway,
    sessions: Session[],
    { input }: ShardPath,
    inspect: (event: InspectionEvent) => void,
  ) {
    this.gateway = gateway;
    this.#sessions = sessions;
    this.shard = new Shard({
      token: TOKEN,
      intents: ['Guilds'],
      url: gateway.url,
      compression: 'none',
      shouldReconnect: input.shouldReconnect,
      warmStart: input.warmStart === true,
      session: input.session === null ? null : this.session(),
      timing: { ...TIMING, maxDispatchSilenceMs: SILENCE_MS },
      clock: this.clock,
      random,
      identifyGate: this.gate,
      sessionStore: this.store,
      inspect: (event) => {
        inspect(event);
        this.log.observe(event);
      },
      createSocket: (url, options) => {
        const socket = new ManualSocket(this.#sockets.length, url, options);
        this.#sockets.push(socket);
        return socket;
      },
    });
    // Without a listener a failure is written to stderr.
    this.shard.on('failed', () => undefined);
  }

  /** Opens a harness whose gateway sends nothing on its own. */
  static async open(path: ShardPath, inspect: (event: InspectionEvent) => void): Promise<WireHarness> {
    const gateway = await FakeGateway.listen({ token: TOKEN, heartbeatIntervalMs: INTERVAL_MS, identifyIntervalMs: 0 });
    // Each step needs at most one session.
    const sessions = await Promise.all(
      path.steps.filter(({ step }) => 'session' in step.event).map(() => createLostSession(gateway)),
    );
    if (path.input.session !== null) sessions.push(await createLostSession(gateway));
    gateway.holdHello();
    gateway.holdResumed();
    return new WireHarness(gateway, sessions, path, inspect);
  }

  /** Returns a session of an earlier connection; never the same twice. */
  session(): Session {
    const session = this.#sessions.pop();
    if (session === undefined) throw new Error('no session is left');
    return session;
  }

  get socket(): ManualSocket {
    return this.#sockets.at(-1)!;
  }

  get entries(): Readonly<Record<Place, number>> {
    return this.#entries;
  }

  /** The gateway's side of the newest socket. */
  get connection(): FakeConnection {
    return this.gateway.history.find(({ headers }) => headers['x-socket'] === String(this.socket.index))!;
  }

  /** Waits until the wire has followed the shard from one state to another. */
  async follow(before: ShardSnapshot | undefined, after: ShardSnapshot): Promise<void> {
    for (const place of ['restoring', 'warmingUp', 'queued'] as const) {
      if (isIn(after, place) && !isIn(before, place)) this.#entries[place] += 1;
    }
    if (after.context.connectionId === (before?.context.connectionId ?? 0)) return;
    // A shard opens its next socket when the last is closed.
    if (this.#sockets.length < after.context.connectionId) await this.socket.deliver('close', null);
    await this.socket.attempted;
    if (this.socket.readyState !== 1) return;
    await this.gateway.waitForConnection(({ headers }) => headers['x-socket'] === String(this.socket.index));
    this.connection.holdReady();
    this.connection.holdAcks();
  }

  /** Returns the opcodes that the shard has sent since the last call, over all sockets. */
  consumeSent(): number[] {
    const all = this.#sockets.flatMap(({ sent }) => sent);
    const unread = all.slice(this.#framesRead);
    this.#framesRead = all.length;
    return unread;
  }

  /** Makes the gateway send a packet, and resolves when the shard has received it. */
  async receivePacket(packet: object): Promise<void> {
    const arrived = Promise.withResolvers<unknown>();
    this.shard.once('raw', arrived.resolve);
    this.connection.sendRaw(JSON.stringify(packet));
    await arrived.promise;
  }

  /** Closes everything; a second call has no effect. */
  async close(): Promise<void> {
    this.shard.forceClose();
    await this.shard.disconnect();
    await this.gateway.close();
    await Promise.all(this.#sockets.map(({ closed }) => closed));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
