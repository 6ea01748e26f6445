/** What the gateway has seen since the stage was set, in ms of the shared clock. */
export class GatewayLog {
  /** Sockets opened. */
  readonly attempts: number[] = [];
  /** Sessions begun, and gone on with. */
  readonly identified: number[] = [];
  readonly resumed: number[] = [];
  readonly helloToIdentifyMs: number[] = [];
  readonly heartbeats: number[] = [];
  #waiter: { count: number; resolve: () => void } | null = null;

  recordIdentify(at: number): void {
    this.identified.push(at);
    this.#notifyWaiter();
  }

  recordResume(at: number): void {
    this.resumed.push(at);
    this.#notifyWaiter();
  }

  get sessions(): number {
    return this.identified.length + this.resumed.length;
  }

  /** Settles when so many have begun or gone on. */
  async waitForSessions(count: number): Promise<void> {
    if (this.sessions >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiter = { count, resolve };
    await promise;
  }

  #notifyWaiter(): void {
    if (this.#waiter !== null && this.sessions >= this.#waiter.count) this.#waiter.resolve();
  }
}
