/** What the gateway has seen since the stage was set, in ms of the shared clock. */
export class GatewayLog {
  /** Sockets opened. */
  readonly attempts: number[] = [];
  /** Sessions begun, and gone on with. */
  readonly identified: number[] = [];
  readonly resumed: number[] = [];
  readonly helloToIdentifyMs: number[] = [];
  readonly heartbeats: number[] = [];
  #awaited: { count: number; resolve: () => void } | null = null;

  identify(at: number): void {
    this.identified.push(at);
    this.#tell();
  }

  resume(at: number): void {
    this.resumed.push(at);
    this.#tell();
  }

  get sessions(): number {
    return this.identified.length + this.resumed.length;
  }

  /** Settles when so many have begun or gone on. */
  async untilSessions(count: number): Promise<void> {
    if (this.sessions >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { count, resolve };
    await promise;
  }

  #tell(): void {
    if (this.#awaited !== null && this.sessions >= this.#awaited.count) this.#awaited.resolve();
  }
}
