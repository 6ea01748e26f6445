/** Conditions that hold for a while, such as an unreachable host or a slow store. Each has a value and an end. */
export interface ConditionValues {
  /** Connects are refused at `main`, at `resume` hosts, or `all`. */
  refuse: 'main' | 'resume' | 'all';
  /** Connects at these hosts stay pending. */
  unreachable: 'main' | 'resume' | 'all';
  /** How many ms longer a connect takes. */
  slowConnect: number;
  /** Opening a socket throws. */
  createThrows: boolean;
  noHello: boolean;
  invalidHello: unknown;
  /** The gateway sends op 7 instead of HELLO. */
  reconnectFirst: boolean;
  /** New connections become half open. */
  halfOpenFromStart: boolean;
  noAcks: boolean;
  noReady: boolean;
  noResumed: boolean;
  /** The gateway replays after RESUME, but does not send RESUMED. */
  endlessReplay: boolean;
  /** The gateway answers IDENTIFY with op 9 `false`. */
  rejectIdentify: boolean;
  /** The gateway answers RESUME with op 9 `false`. */
  rejectResume: boolean;
  /** The gateway answers RESUME with op 9 `true`. */
  suspendResume: boolean;
  /** The gateway does not answer a close frame. */
  noCloseAnswer: boolean;
  /** How many ms the session store takes. */
  slowStore: number;
  storeThrows: boolean;
  storeHangs: boolean;
  listenersThrow: 'now' | 'later';
  /** READY has fields of other types than the documented ones. */
  oddReady: boolean;
  /** Chunks of members and RATE_LIMITED have fields of other types than the documented ones. */
  oddAnswers: boolean;
  /** How many dispatches a replay repeats that the shard has confirmed. */
  replayOverlap: number;
  /** A message that can't be read follows each RESUMED. */
  garbageAfterResumed: boolean;
  noChunks: boolean;
  chunksLimited: boolean;
  /** The status of `GET /gateway/bot`. */
  apiFails: number | 'no answer';
  /** `GET /gateway/bot` answers 429 with this many seconds. */
  apiLimited: number;
  apiHangs: boolean;
  apiUnauthorized: boolean;
  apiInvalidBody: string;
  /** The gateway closes with 4010 after IDENTIFY with another shard count than recommended. */
  countRefused: boolean;
}

export type ConditionName = keyof ConditionValues;

export class Conditions {
  readonly #now: () => number;
  readonly #active = new Map<ConditionName, { until: number; value: ConditionValues[ConditionName] }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  set<Name extends ConditionName>(name: Name, value: ConditionValues[Name], forMs: number): void {
    this.#active.set(name, { until: this.#now() + forMs, value });
  }

  get<Name extends ConditionName>(name: Name): ConditionValues[Name] | undefined {
    if (this.#active.size === 0) return undefined;
    const condition = this.#active.get(name);
    if (condition === undefined || condition.until <= this.#now()) return undefined;
    return condition.value as ConditionValues[Name];
  }

  clear(): void {
    this.#active.clear();
  }
}
