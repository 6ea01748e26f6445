/**
 * The way from one process to the memory engine. Within a process it is always open and takes no time. Tests and the
 * simulator give each node its own, cut it, slow it down, and lose its answers.
 */
import type { Clock } from '../../clock.ts';
import { abortedError } from '../../protocol/errors.ts';
import type { Engine, EngineConnection, EngineOpenOptions } from '../ports/engine.ts';
import { MemoryConnection } from './memory-connection.ts';
import { MemoryLink } from './memory-link.ts';
import type { LineConditions } from './memory-link.ts';
import type { MemoryServer } from './memory-server.ts';

const GOOD: LineConditions = { isCut: false, requestDelayMs: 0, answerDelayMs: 0, losesAnswers: false };

export class MemoryLine implements Engine {
  readonly kind = 'memory';
  readonly leaseTtlMs: number;
  readonly #server: MemoryServer;
  readonly #clock: Clock;
  readonly #links = new Set<MemoryLink>();
  #conditions = GOOD;

  /** @param clock - that of the process, which may stand still while the engine goes on */
  constructor(server: MemoryServer, clock: Clock = server.store.clock) {
    this.#server = server;
    this.#clock = clock;
    this.leaseTtlMs = server.store.leaseTtlMs;
  }

  async open({ signal, report }: EngineOpenOptions): Promise<EngineConnection> {
    const link = new MemoryLink(this.#server, this.#clock, () => this.#conditions, report);
    this.#links.add(link);
    const close = (): void => {
      this.#links.delete(link);
      link.close();
    };
    try {
      if (signal?.aborted === true) throw abortedError('opening the memory engine', signal);
      await link.whenReachable(signal);
    } catch (error) {
      close();
      throw error;
    }
    return new MemoryConnection(this.#server, link, close);
  }

  /** Changes some conditions, for connections that are open too. Without conditions all are good again. */
  set(conditions: Partial<LineConditions> = GOOD): void {
    this.#conditions = { ...this.#conditions, ...conditions };
    for (const link of this.#links) link.refresh();
  }
}
