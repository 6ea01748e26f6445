/**
 * Adapts a connection to the machine: sends its events to the machine, and passes it the machine's commands. It opens
 * no socket while the last one is being closed. If that ends with a code of the gateway's own, the code holds for this
 * connection too.
 */
import { fromCallback } from 'xstate';
import type { GatewayEvent, SocketCommand, SocketEvent, SocketInput } from '../../machines/index.ts';
import { Connection } from '../connection/connection.ts';
import { hostFailure, withoutRequest } from '../protocol/network-errors.ts';
import { dependenciesOf } from './actor-dependencies.ts';
import type { ActorDependencies } from './actor-dependencies.ts';
import { afterLastConnection, isDecisive } from './last-connection.ts';

export const socketActor = fromCallback<SocketCommand, SocketInput>(({ input, system, sendBack, receive }) => {
  const actor = new SocketActor(dependenciesOf(system), input, sendBack);
  actor.start();
  receive((command) => actor.execute(command));
  return () => actor.stop();
});

/** An object rather than closures, because each connected shard holds it. */
class SocketActor {
  readonly #dependencies: ActorDependencies;
  readonly #input: SocketInput;
  readonly #sendBack: (event: SocketEvent | GatewayEvent) => void;
  #connection: Connection | null = null;
  #isStopped = false;

  constructor(
    dependencies: ActorDependencies,
    input: SocketInput,
    sendBack: (event: SocketEvent | GatewayEvent) => void,
  ) {
    this.#dependencies = dependencies;
    this.#input = input;
    this.#sendBack = sendBack;
  }

  start(): void {
    const { connectionSlot, session } = this.#dependencies;
    afterLastConnection(connectionSlot, ({ sessionId, own }) => {
      if (this.#isStopped) return;
      if (own === null || !isDecisive(own.code, sessionId, session.id)) this.#open();
      else this.#sendBack({ type: 'socket.closed', connectionId: this.#input.connectionId, ...own });
    });
  }

  execute(command: SocketCommand): void {
    try {
      this.#connection?.execute(command);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#connection?.detach();
  }

  #open(): void {
    try {
      this.#connection = new Connection(this.#dependencies, this.#input, this.#sendBack);
      this.#dependencies.connectionSlot.connection = this.#connection;
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** An error thrown from here would stop the machine for good, so it becomes an event. */
  #fail(error: unknown): void {
    const { connectionId, resumeUrl } = this.#input;
    const cause = withoutRequest(error);
    const reason = hostFailure(resumeUrl ?? this.#dependencies.options.url, cause);
    this.#sendBack({ type: 'socket.failed', connectionId, reason, cause });
  }
}
