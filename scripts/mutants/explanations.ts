/**
 * Stryker's mutants that survive, and why no test can tell them from the code as it is. They count as survivors; one
 * that is not here is reported, and so is one that is here and is killed. The reasons stand in docs/testing.md as well.
 */
export interface Explanation {
  readonly because: string;
  /** By file, as the command names them. */
  readonly mutants: Readonly<Record<string, readonly string[]>>;
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    because: '`SendLimiter` counts presences apart, and all other frames alike',
    mutants: {
      'src/actors/connection.ts': [
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
    because: 'what is closed, let go or stopped already is asked once more: what lies under it, or above it, is closed as well and says nothing',
    mutants: {
      'src/actors/connection.ts': [
        '{ return false; } → {}',
        'true → false #3',
      ],
      'src/actors/inflater.ts': [
        'this.#closed → false',
        'this.#closed → false #2',
        'this.#closed → false #3',
        'this.#closed → false #4',
      ],
      'src/actors/json-decoder.ts': [
        'this.#closed → false #2',
        'true → false #2',
        'true → false #3',
        '{ return this.#closed; } → {}',
      ],
      'src/actors/native-inflater.ts': ['this.#closed → false'],
      'src/actors/payload-decoder.ts': ['bytes !== null → true'],
      'src/shard/core.ts': ['core.queue.close(); → ;'],
    },
  },
  {
    because: 'the same comes out, and only time and memory differ: `npm run bench` sees those',
    mutants: {
      'src/actors/native-inflater.ts': [
        '{ chunkSize: LEAST_CHUNK_BYTES } → {}',
        'Math.min(output.length * 2, maxBytes + 1) → Math.max(output.length * 2, maxBytes + 1)',
      ],
      'src/actors/payload-decoder.ts': [
        '{ if (shared === null) inflater.close(); } → {}',
        'shared === null → false',
        'inflater.close(); → ;',
        '{ returnScratch(scratch); } → {}',
        'returnScratch(scratch); → ;',
      ],
      'src/actors/send-limiter.ts': [
        'this.#at.filter((at) => at + this.#windowMs + MARGIN_MS > now) → this.#at',
        'at + this.#windowMs + MARGIN_MS > now → true',
        'at + this.#windowMs + MARGIN_MS > now → at + this.#windowMs + MARGIN_MS >= now',
      ],
      'src/actors/send-queue.ts': ['sendChannel.hasSubscribers → true #2'],
      'src/actors/stream-decoder.ts': [
        'from === 0 && end === data.length → false',
        'this.#splitter.pendingBytes === 0 → false',
      ],
      'src/actors/sync-inflater-check.ts': [
        'inflater.close(); → ;',
        'returnScratch(scratch); → ;',
        'inflater.close(); → ; #2',
      ],
      'src/actors/told-gate.ts': [
        'identifyChannel.hasSubscribers → true',
        'identifyChannel.hasSubscribers → true #3',
      ],
      'src/actors/web-socket.ts': [
        'true → false',
        'Buffer.isBuffer(data) → false',
      ],
    },
  },
  {
    because: 'words for people',
    mutants: {
      'src/shard/core.ts': [
        '\'connect()\' → ""',
        '\'disconnect()\' → ""',
      ],
    },
  },
  {
    because: 'it is only compared with what it was',
    mutants: {
      'src/actors/connection.ts': ['this.#frames += 1 → this.#frames -= 1'],
    },
  },
  {
    because: 'the types allow what never is, so TypeScript asks',
    mutants: {
      'machines/shard-state.ts': [
        '\'disconnected\' → ""',
        "typeof online === 'object' → true",
        "typeof value === 'object' → true",
      ],
      'src/actors/connection.ts': ["command.type !== 'beat' → false"],
      'src/actors/send-queue.ts': [
        'leaving.at(-1)?.text → leaving.at(-1).text',
        'signal === undefined → false',
      ],
      'src/shard/core.ts': [
        'this.line.connection?.pause → this.line.connection.pause',
        'this.line.connection?.resume → this.line.connection.resume',
        'core.line.connection !== null → true',
      ],
    },
  },
  {
    because: 'XState drops what an actor sends that has been stopped',
    mutants: {
      'src/actors/permit.ts': ['!signal.aborted → true'],
      'src/actors/restore.ts': ['!stopped → true #2'],
    },
  },
  {
    because: 'another line, or the platform itself, sees to the same',
    mutants: {
      'src/actors/fast-lane.ts': ['\'certain\' → ""'],
      'src/actors/memory-identify-gate.ts': [
        'true → false',
        '{ once: true } → {}',
        'waiter.request.onBudgetSpent?.(retryAfterMs) → waiter.request.onBudgetSpent(retryAfterMs)',
      ],
      'src/actors/send-queue.ts': [
        'signal === undefined || !this.#entries.includes(entry) → false',
        'signal === undefined || !this.#entries.includes(entry) → signal === undefined && !this.#entries.includes(entry)',
        'true → false #2',
        '{ once: true } → {}',
      ],
      'src/actors/socket.ts': ['() => connection.detach() → () => undefined'],
      'src/shard/core.ts': [
        'this.cell.identity !== null → false',
        'core.actor.getSnapshot().context.loss?.closeWith ?? KEEP_SESSION… → core.actor.getSnapshot().context.loss?.closeWith && KEEP_SESSION…',
      ],
    },
  },
  {
    because: 'it is put in while a module loads, and only the suite that loads the module late is asked: put into the source by hand, each is noticed',
    mutants: {
      'src/actors/create-decoder.ts': [
        '(sink, maxBytes) => new JsonDecoder(sink, maxBytes) → () => undefined',
        '(sink, maxBytes, codec) => new PayloadDecoder(sink, maxBytes, co… → () => undefined',
      ],
      'src/actors/inflater.ts': ['(cause: unknown): Error => (cause instanceof Error ? cause : new… → () => undefined'],
      'src/actors/json-decoder.ts': ['(what: string, cause?: unknown): GatewayError => new GatewayErro… → () => undefined'],
      'src/actors/object-splitter.ts': [
        '[0x7b, 0x5b] → []',
        '[0x7d, 0x5d] → []',
      ],
      'src/actors/payload-decoder.ts': ['(data: Buffer, _into: Buffer, maxBytes: number): Buffer => infla… → () => undefined'],
    },
  },
  {
    because: 'only another zlib would tell them apart, and no Node has one',
    mutants: {
      'src/actors/native-inflater.ts': [
        'inputAfter === inputLeft → true',
        'inputAfter === inputLeft && spaceAfter === space → inputAfter === inputLeft || spaceAfter === space',
        'spaceAfter === space → true',
      ],
      'src/actors/sync-inflater-check.ts': [
        'true → false',
        'true → false #2',
        "what === 'payload' → true",
      ],
    },
  },
  {
    because: 'either way gives the same value',
    mutants: {
      'src/actors/intake.ts': ['{ consumer: false, rest: false } → {}'],
      'src/actors/send-limiter.ts': ['[] → ["Stryker was here"]'],
      'src/actors/stream-decoder.ts': [
        'SUFFIX.length - 1 → SUFFIX.length + 1',
        'SUFFIX.length - 1 → SUFFIX.length + 1 #2',
        'SUFFIX.length - 1 → SUFFIX.length + 1 #3',
        'data.length > 0 → data.length >= 0',
        'data.length > 0 → true',
        'false → true',
        'from < data.length → from <= data.length',
        'from < data.length → true',
        'from === data.length && from > 0 → false',
        'from === data.length → false',
        'this.#before.length === 0 → false',
        'this.#partialBytes === 0 → false #2',
        'this.offer(bytes) → false',
        'true → false #4',
      ],
      'src/actors/sync-inflater-check.ts': ['-4 → +4'],
      'src/actors/web-socket.ts': [
        'agent === undefined → false',
        "typeof data === 'string' → false",
        '\'string\' → ""',
      ],
      'src/session/session-cell.ts': ['sequence > this.#sequence → sequence >= this.#sequence'],
    },
  },
  {
    because: 'a suffix that is believed too early or too late is harmless by design: an object that is not finished is completed by what comes',
    mutants: {
      'src/actors/stream-decoder.ts': ['from === 0 → true #2'],
    },
  },
  {
    because: 'a loss is taken down in the step that leads to where it is read; the type allows none',
    mutants: {
      'machines/shard-delays.ts': ['asking.context.loss?.pause → asking.context.loss.pause'],
      'machines/shard.setup.ts': [
        '\'\' → "Stryker was here!"',
        '\'\' → "Stryker was here!" #2',
        '\'shard\' → ""',
        'context.loss === null || context.loss.code === null → context.loss === null && context.loss.code === null',
        'context.loss === null || context.loss.code === null → false',
        'context.loss === null → false',
        'context.loss.code === null → false',
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
    because: '`failed` is entered by fatal codes alone, and each has a name',
    mutants: {
      'machines/shard.setup.ts': ['fatal !== undefined → true'],
    },
  },
  {
    because: 'resumes are only counted with a session, and the count starts anew when it goes',
    mutants: {
      'machines/shard.setup.ts': ['context.session !== null → true #2'],
    },
  },
  {
    because: 'asked for are `drop`, `never` and `insist`; every other word is the ordinary case',
    mutants: {
      'machines/losses.ts': [
        '\'keep\' → ""',
        '\'keep\' → "" #3',
        '\'keep\' → "" #4',
        '\'maybe\' → ""',
        '\'maybe\' → "" #2',
      ],
      'machines/shard-delays.ts': ['\'backoff\' → ""'],
    },
  },
  {
    because: 'only events of that table lead there',
    mutants: {
      'machines/losses.ts': ['(TOLD as Record<string, (event: ShardEvent) => Loss>)[event.type… → (TOLD as Record<string, (event: ShardEvent) => Loss>)[event.type…'],
    },
  },
];

/** Id → reason. */
export const EXPLAINED: ReadonlyMap<string, string> = new Map(
  EXPLANATIONS.flatMap(({ because, mutants }) =>
    Object.entries(mutants).flatMap(([file, changes]) => changes.map((change) => [`${file}: ${change}`, because] as const)),
  ),
);
