/**
 * Stryker's mutants that survive, and why no test can kill them. They count as survivors. The command reports a survivor
 * that is missing here, and an entry here that is killed. docs/internals/verification.md lists the reasons.
 */
export interface AcceptedGroup {
  readonly reason: string;
  /** By file, as the command names them. */
  readonly mutants: Readonly<Record<string, readonly string[]>>;
}

export const ACCEPTED_SURVIVORS: readonly AcceptedGroup[] = [
  {
    reason: '`SendLimiter` counts presences separately, and all other frames alike',
    mutants: {
      'src/connection/connection.ts': [
        '\'reply\' → "" #2',
        '\'heartbeat\' → ""',
        '\'handshake\' → ""',
        '\'handshake\' → "" #2',
        '\'command\' → "" #2',
        '\'command\' → "" #3',
      ],
    },
  },
  {
    reason:
      'something already closed or stopped is checked again, and the layer above or below it is closed too and does nothing',
    mutants: {
      'src/connection/packet-handler.ts': ['true → false #5'],
      'src/decoding/inflater.ts': [
        'this.#closed → false',
        'this.#closed → false #2',
        'this.#closed → false #3',
        'this.#closed → false #4',
      ],
      'src/decoding/base-decoder.ts': [
        'this.#closed → false #2',
        'true → false #2',
        'true → false #3',
        '{ return this.#closed; } → {}',
      ],
      'src/decoding/native-inflater.ts': ['this.#closed → false'],
      'src/decoding/payload-decoder.ts': ['bytes !== null → true'],
    },
  },
  {
    reason: 'the result is the same, and only time or memory differ: `npm run bench` measures those',
    mutants: {
      'src/decoding/native-inflater.ts': [
        '{ chunkSize: MIN_CHUNK_BYTES } → {}',
        'Math.min(output.length * 2, maxBytes + 1) → Math.max(output.length * 2, maxBytes + 1)',
      ],
      'src/decoding/payload-decoder.ts': [
        '{ if (shared === null) inflater.close(); } → {}',
        'shared === null → false',
        'inflater.close(); → ;',
        '{ releaseScratch(scratch); } → {}',
        'releaseScratch(scratch); → ;',
      ],
      'src/connection/send-limiter.ts': [
        'this.#at.filter((at) => at + this.#windowMs + MARGIN_MS > now) → this.#at',
        'at + this.#windowMs + MARGIN_MS > now → true',
        'at + this.#windowMs + MARGIN_MS > now → at + this.#windowMs + MARGIN_MS >= now',
      ],
      'src/connection/send-queue.ts': ['sendChannel.hasSubscribers → true #2'],
      'src/decoding/stream-decoder.ts': [
        'from === 0 && end === data.length → false',
        'this.#splitter.pendingBytes === 0 → false',
      ],
      'src/decoding/sync-inflater-self-test.ts': [
        'inflater.close(); → ;',
        'releaseScratch(scratch); → ;',
        'inflater.close(); → ; #2',
      ],
      'src/identify/instrumented-identify-gate.ts': [
        'identifyChannel.hasSubscribers → true',
        'identifyChannel.hasSubscribers → true #3',
      ],
      'src/connection/web-socket.ts': ['true → false', 'Buffer.isBuffer(data) → false'],
    },
  },
  {
    reason: 'texts for people',
    mutants: {
      'src/shard/shard-runtime.ts': ['\'connect()\' → ""', '\'disconnect()\' → ""'],
    },
  },
  {
    reason: 'the value is only compared with its earlier value',
    mutants: {
      'src/connection/read-throttle.ts': ['this.#frames += 1 → this.#frames -= 1'],
    },
  },
  {
    reason: 'the types allow a value that does not occur, so TypeScript requires the check',
    mutants: {
      'machines/shard/state.ts': [
        '\'disconnected\' → ""',
        "typeof online === 'object' → true",
        "typeof value === 'object' → true",
      ],
      'src/connection/send-queue.ts': ['batch.at(-1)?.text → batch.at(-1).text', 'signal === undefined → false'],
      'src/shard/shard-runtime.ts': [
        'this.connectionSlot.connection?.pauseReading → this.connectionSlot.connection.pauseReading',
        'this.connectionSlot.connection?.resumeReading → this.connectionSlot.connection.resumeReading',
      ],
    },
  },
  {
    reason: 'XState drops what a stopped actor sends',
    mutants: {
      'src/actors/identify-permit.actor.ts': ['!signal.aborted → true'],
      'src/actors/load-session.actor.ts': ['!signal.aborted → true', 'signal.aborted → false'],
    },
  },
  {
    reason: 'another line, or the platform, has the same effect',
    mutants: {
      'src/connection/fast-lane.ts': ['\'certain\' → ""'],
      'src/identify/memory-identify-gate.ts': [
        'waiter.request.onBudgetSpent?.(retryAfterMs) → waiter.request.onBudgetSpent(retryAfterMs)',
      ],
      'src/connection/send-queue.ts': [
        'signal === undefined || !this.#entries.includes(entry) → false',
        'signal === undefined || !this.#entries.includes(entry) → signal === undefined && !this.#entries.includes(entry)',
      ],
      'src/shard/shard-runtime.ts': ['this.session.identity !== null → false'],
    },
  },
  {
    reason:
      'the mutant is active while a module loads, and only the suite that loads the module late runs: put into the source by hand, each is killed',
    mutants: {
      'src/decoding/decoder.ts': [
        '(sink, maxBytes) => new JsonDecoder(sink, maxBytes) → () => undefined',
        '(sink, maxBytes, codec) => new PayloadDecoder(sink, maxBytes, co… → () => undefined',
      ],
      'src/decoding/inflater.ts': [
        '(cause: unknown): Error => (cause instanceof Error ? cause : new… → () => undefined',
      ],
      'src/decoding/base-decoder.ts': [
        '(message: string, cause?: unknown): GatewayError => new GatewayE… → () => undefined',
      ],
      'src/decoding/payload-decoder.ts': [
        '(data: Buffer, _into: Buffer, maxBytes: number): Buffer => infla… → () => undefined',
      ],
    },
  },
  {
    reason: 'only another zlib would behave differently, and no Node has one',
    mutants: {
      'src/decoding/native-inflater.ts': [
        'inputAfter === inputLeft → true',
        'inputAfter === inputLeft && spaceAfter === space → inputAfter === inputLeft || spaceAfter === space',
        'spaceAfter === space → true',
      ],
      'src/decoding/sync-inflater-self-test.ts': ['true → false', 'true → false #2', "format === 'payload' → true"],
    },
  },
  {
    reason: 'both ways give the same value',
    mutants: {
      'src/connection/read-throttle.ts': ['{ consumer: false, yield: false } → {}'],
      'src/connection/send-limiter.ts': ['[] → ["Stryker was here"]'],
      'src/decoding/stream-decoder.ts': [
        'SYNC_FLUSH_SUFFIX.length - 1 → SYNC_FLUSH_SUFFIX.length + 1',
        'SYNC_FLUSH_SUFFIX.length - 1 → SYNC_FLUSH_SUFFIX.length + 1 #2',
        'SYNC_FLUSH_SUFFIX.length - 1 → SYNC_FLUSH_SUFFIX.length + 1 #3',
        'data.length > 0 → data.length >= 0',
        'data.length > 0 → true',
        'false → true',
        'from < data.length → from <= data.length',
        'from < data.length → true',
        'from === data.length && from > 0 → false',
        'from === data.length → false',
        'this.#previousTail.length === 0 → false',
        'this.tryEmit(bytes) → false',
        'true → false #4',
      ],
      'src/decoding/sync-inflater-self-test.ts': ['-4 → +4'],
      'src/connection/web-socket.ts': [
        'agent === undefined → false',
        "typeof data === 'string' → false",
        '\'string\' → ""',
      ],
      'src/session/current-session.ts': ['sequence > this.#sequence → sequence >= this.#sequence'],
    },
  },
  {
    reason:
      'a suffix that is accepted too early or too late is harmless by design: later bytes complete an unfinished object',
    mutants: {
      'src/decoding/stream-decoder.ts': ['from === 0 → true #2'],
    },
  },
  {
    reason: 'a loss is always recorded before it is read, but the type also allows `null`',
    mutants: {
      'machines/shard/shard.setup.ts': [
        '\'\' → "Stryker was here!"',
        '\'\' → "Stryker was here!" #2',
        '\'shard\' → ""',
        'context.loss?.pause → context.loss.pause',
        'context.loss?.closeWith → context.loss.closeWith',
        'context.loss?.closeWith → context.loss.closeWith #2',
        'context.loss?.code → context.loss.code',
        'context.loss?.initiator → context.loss.initiator',
        'context.loss?.reason → context.loss.reason',
        'context.loss?.reason → context.loss.reason #2',
        'loss?.reconnect → loss.reconnect',
        'loss?.reconnect → loss.reconnect #2',
      ],
    },
  },
  {
    reason: 'resumes are counted only with a session, and the count is reset when the session ends',
    mutants: {
      'machines/shard/shard.setup.ts': ['context.session !== null → true #2'],
    },
  },
  {
    reason: 'the code compares only with `discard`, `never` and `always`; every other word is the ordinary case',
    mutants: {
      'machines/losses.ts': ['\'keep\' → ""', '\'keep\' → "" #2', '\'ifEnabled\' → ""', '\'ifEnabled\' → "" #2'],
      'machines/shard/delays.ts': ['\'backoff\' → ""'],
    },
  },
  {
    reason: 'only events in the table lead there',
    mutants: {
      'machines/losses.ts': [
        '(LOSS_BY_EVENT as Record<string, (event: ShardEvent) => Loss>)[e… → (LOSS_BY_EVENT as Record<string, (event: ShardEvent) => Loss>)[e…',
      ],
    },
  },
];

/** Id → reason. */
export const ACCEPTED_REASONS: ReadonlyMap<string, string> = new Map(
  ACCEPTED_SURVIVORS.flatMap(({ reason, mutants }) =>
    Object.entries(mutants).flatMap(([file, changes]) =>
      changes.map((change) => [`${file}: ${change}`, reason] as const),
    ),
  ),
);
