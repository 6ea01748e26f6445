/** Simulates `GET /gateway/bot`. Conditions make it slow or broken. */
import { randomFor } from '../../src/testing/seeded-random.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { MAIN_URL } from '../setting.ts';
import type { World } from '../world.ts';
import type { BotProcess } from './bot-process.ts';
import { SessionStartBudget } from './session-start-budget.ts';

interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers that a manager must reject. */
export const INVALID_BODIES: readonly string[] = [
  'hello',
  '[]',
  '{}',
  'null',
  '{"url":"https://main.sim","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":0,"max_concurrency":1}}',
  '{"url":"wss://main.sim","shards":0,"session_start_limit":{"total":1,"remaining":1,"reset_after":0,"max_concurrency":1}}',
  '{"url":"wss://main.sim","shards":1,"session_start_limit":{"total":1,"remaining":2,"reset_after":0,"max_concurrency":1}}',
  '{"url":"wss://main.sim","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":-1,"max_concurrency":1}}',
  '{"url":"wss://main.sim","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":0,"max_concurrency":0}}',
];

/** The parts of a `Response` that the manager reads. A real one takes turns of the event loop, outside virtual time. */
const responseOf = ({ status, body, headers = {} }: ApiAnswer): Response =>
  ({ status, headers: new Headers(headers), text: () => Promise.resolve(body) }) as unknown as Response;

export class SimApi {
  readonly starts: SessionStartBudget;
  readonly #world: World;
  readonly #random: SeededRandom;

  constructor(world: World) {
    this.#world = world;
    this.#random = randomFor(world.setting.seed, 'api');
    this.starts = new SessionStartBudget(world.clock, world.setting.budget);
  }

  request(proc: BotProcess, signal: AbortSignal | null | undefined): Promise<Response> {
    const { clock, conditions, eventLog, setting } = this.#world;
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      if (conditions.get('apiHangs') !== undefined) return;
      const tookMs = setting.latencyMs * 2 + Math.ceil(this.#random.exponential(setting.jitterMs));
      clock.scheduleInWorld(() => {
        const answer = this.#createAnswer();
        eventLog.record('api.requested', {
          proc,
          answer: answer === null ? 'no answer' : `${answer.status} ${answer.body}`,
        });
        clock.scheduleArrival(
          () => (answer === null ? reject(new TypeError('fetch failed')) : resolve(responseOf(answer))),
          clock.now() + setting.latencyMs,
        );
      }, tookMs);
    });
  }

  #createAnswer(): ApiAnswer | null {
    const { conditions, setting } = this.#world;
    const failing = conditions.get('apiFails');
    if (failing === 'no answer') return null;
    if (failing !== undefined) return { status: failing, body: 'upstream connect error' };
    const retryAfterS = conditions.get('apiLimited');
    if (retryAfterS !== undefined) {
      return this.#random.chance(0.5)
        ? {
            status: 429,
            body: JSON.stringify({ message: 'You are being rate limited.', retry_after: retryAfterS, global: false }),
          }
        : { status: 429, body: 'error code: 1015', headers: { 'retry-after': String(Math.ceil(retryAfterS)) } };
    }
    if (conditions.get('apiUnauthorized') !== undefined)
      return { status: 401, body: '{"message":"401: Unauthorized","code":0}' };
    const invalidBody = conditions.get('apiInvalidBody');
    if (invalidBody !== undefined) return { status: 200, body: invalidBody };
    const limit = { ...this.starts.limit, max_concurrency: setting.maxConcurrency };
    return { status: 200, body: JSON.stringify({ url: MAIN_URL, shards: setting.shards, session_start_limit: limit }) };
  }
}
