/** `GET /gateway/bot`, as slow and as broken as the weather. */
import { stream } from '../dice.ts';
import type { Dice } from '../dice.ts';
import { MAIN_URL } from '../setting.ts';
import type { World } from '../world.ts';
import type { BotLife } from './bot-life.ts';
import { Starts } from './starts.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers that a manager can't live with. */
export const NONSENSE: readonly string[] = [
  'hello', '[]', '{}', 'null',
  '{"url":"https://main.sim","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":0,"max_concurrency":1}}',
  '{"url":"wss://main.sim","shards":0,"session_start_limit":{"total":1,"remaining":1,"reset_after":0,"max_concurrency":1}}',
  '{"url":"wss://main.sim","shards":1,"session_start_limit":{"total":1,"remaining":2,"reset_after":0,"max_concurrency":1}}',
  '{"url":"wss://main.sim","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":-1,"max_concurrency":1}}',
  '{"url":"wss://main.sim","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":0,"max_concurrency":0}}',
];

/** As much of a `Response` as is looked at: the real one takes turns of the event loop that no clock here knows. */
const responseOf = ({ status, body, headers = {} }: Answer): Response =>
  ({ status, headers: new Headers(headers), text: () => Promise.resolve(body) }) as unknown as Response;

export class SimApi {
  readonly starts: Starts;
  readonly #world: World;
  readonly #dice: Dice;

  constructor(world: World) {
    this.#world = world;
    this.#dice = stream(world.setting.seed, 'api');
    this.starts = new Starts(world.clock, world.setting.budget);
  }

  ask(life: BotLife, signal: AbortSignal | null | undefined): Promise<Response> {
    const { clock, weather, chronicle, setting } = this.#world;
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      if (weather.get('apiHangs') !== undefined) return;
      const tookMs = setting.latencyMs * 2 + Math.ceil(this.#dice.exponential(setting.jitterMs));
      clock.outside(() => {
        const answer = this.#answer();
        chronicle.tell('api.asked', { life, answer: answer === null ? 'no answer' : `${answer.status} ${answer.body}` });
        clock.arrive(() => (answer === null ? reject(new TypeError('fetch failed')) : resolve(responseOf(answer))), clock.now() + setting.latencyMs);
      }, tookMs);
    });
  }

  #answer(): Answer | null {
    const { weather, setting } = this.#world;
    const failing = weather.get('apiFails');
    if (failing === 'no answer') return null;
    if (failing !== undefined) return { status: failing, body: 'upstream connect error' };
    const retryAfterS = weather.get('apiLimited');
    if (retryAfterS !== undefined) {
      return this.#dice.chance(0.5)
        ? { status: 429, body: JSON.stringify({ message: 'You are being rate limited.', retry_after: retryAfterS, global: false }) }
        : { status: 429, body: 'error code: 1015', headers: { 'retry-after': String(Math.ceil(retryAfterS)) } };
    }
    if (weather.get('apiUnauthorized') !== undefined) return { status: 401, body: '{"message":"401: Unauthorized","code":0}' };
    const nonsense = weather.get('apiNonsense');
    if (nonsense !== undefined) return { status: 200, body: nonsense };
    const limit = { ...this.starts.limit, max_concurrency: setting.maxConcurrency };
    return { status: 200, body: JSON.stringify({ url: MAIN_URL, shards: setting.shards, session_start_limit: limit }) };
  }
}
