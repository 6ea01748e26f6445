/** What is wrong with the world for a while. */
export interface ConditionValues {
  /** Connects are refused at `main`, at `resume` hosts, or `all`. */
  refuse: 'main' | 'resume' | 'all';
  /** Connects never come about. */
  unreachable: 'main' | 'resume' | 'all';
  /** Connects take so many ms. */
  slowConnect: number;
  /** Opening a socket throws. */
  createThrows: boolean;
  noHello: boolean;
  invalidHello: unknown;
  /** RECONNECT instead of HELLO. */
  reconnectFirst: boolean;
  /** New connections are half open. */
  halfOpenFromStart: boolean;
  noAcks: boolean;
  noReady: boolean;
  noResumed: boolean;
  /** RESUME is answered with everything but RESUMED. */
  endlessReplay: boolean;
  /** op 9 `false` for IDENTIFY. */
  rejectIdentify: boolean;
  /** op 9 `false` for RESUME. */
  rejectResume: boolean;
  /** op 9 `true` for RESUME. */
  suspendResume: boolean;
  /** The answer to a close frame never comes. */
  noCloseAnswer: boolean;
  /** ms. */
  slowStore: number;
  storeThrows: boolean;
  storeHangs: boolean;
  listenersThrow: 'now' | 'later';
  noChunks: boolean;
  chunksLimited: boolean;
  /** Answers of `GET /gateway/bot`. */
  apiFails: number | 'no answer';
  /** 429, to be left alone for so many s. */
  apiLimited: number;
  apiHangs: boolean;
  apiUnauthorized: boolean;
  apiInvalidBody: string;
  /** 4010 for IDENTIFY with another shard count than recommended. */
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
    const state = this.#active.get(name);
    if (state === undefined || state.until <= this.#now()) return undefined;
    return state.value as ConditionValues[Name];
  }

  clear(): void {
    this.#active.clear();
  }
}
