/** The events at the gateway since its last setup, as times of the shared clock in ms. */
export class GatewayLog {
  /** When sockets opened. */
  readonly attempts: number[] = [];
  /** When sessions started, and when they resumed. */
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

  /** Resolves when `count` sessions have started or resumed. */
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
