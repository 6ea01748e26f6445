/** Runs one case: a bot against the gateway of the fuzzer, through all steps of its script. */
import { randomFor } from '../src/testing/seeded-random.ts';
import { ENDLESS_ATTEMPTS, createBot } from './bots.ts';
import type { Bot, BotPlace } from './bots.ts';
import { Changes } from './changes.ts';
import { listen } from './gateway/server.ts';
import { ShardLink } from './gateway/shard-link.ts';
import { Recorder, Violation } from './recorder.ts';
import { ReferenceClient } from './reference-client.ts';
import { scriptOf } from './script.ts';
import type { Step } from './script.ts';
import { readsLater, settingOf } from './setting.ts';
import type { Setting } from './setting.ts';
import { STEPS } from './steps.ts';

export interface CaseOptions {
  /** The indexes of the only steps to run. */
  readonly only?: readonly number[];
  /** For tests of the fuzzer: a fault on the way to the recorder. */
  readonly intercept?: BotPlace['intercept'];
  /** How long the bot may do nothing, in ms. */
  readonly hangMs?: number;
  /** Called before each step. */
  readonly onStep?: (step: Step) => void;
  /** What the case is; by default, what the seed says. */
  readonly setting?: Setting;
}

export interface CaseResult {
  readonly setting: Setting;
  readonly steps: readonly Step[];
  readonly violation: string | null;
  /** The step that was running. */
  readonly failedAt: number | null;
  readonly dispatches: number;
  readonly brokenMessages: number;
}

interface Lane {
  readonly shardId: number;
  readonly client: ReferenceClient;
  readonly recorder: Recorder;
  readonly link: ShardLink;
}

const HANG_MS = 60_000;

const wantsOf = ({ names }: Setting): ((t: string) => boolean) => {
  if (names === null) return () => true;
  const wanted = new Set(names);
  return (t) => wanted.has(t);
};

class Case {
  readonly setting: Setting;
  readonly steps: readonly Step[];
  readonly #options: CaseOptions;
  readonly #changes = new Changes();
  violation: Violation | null = null;
  failedAt: number | null = null;
  lanes: readonly Lane[] = [];

  constructor(seed: number, options: CaseOptions) {
    this.#options = options;
    this.setting = options.setting ?? settingOf(seed);
    const script = scriptOf(this.setting);
    const only = options.only === undefined ? null : new Set(options.only);
    this.steps = only === null ? script : script.filter(({ index }) => only.has(index));
  }

  async run(): Promise<void> {
    await using server = await listen(this.setting);
    const { url, apiUrl } = server;
    this.lanes = Array.from({ length: this.setting.shards }, (_, shardId) => this.#createLane(shardId, url));
    server.attach(this.lanes.map(({ link }) => link));
    const { intercept } = this.#options;
    const bot = createBot(this.setting, {
      url,
      apiUrl,
      recorders: this.lanes.map(({ recorder }) => recorder),
      changed: this.#changes.notify,
      ...(intercept === undefined ? {} : { intercept }),
    });
    try {
      await this.#within(bot.start(), 'connect()');
      await Promise.all(this.lanes.map((lane) => this.#runSteps(lane, bot)));
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#report(error);
    } finally {
      for (const { link } of this.lanes) link.end();
      await this.#within(bot.stop(), 'disconnect()').catch((error: unknown) => this.#report(error as Violation));
    }
  }

  /** Something that no case may cause has happened in the process. */
  fail(what: string): void {
    this.#report(new Violation(what));
  }

  #createLane(shardId: number, url: string): Lane {
    const { workers, hasRaw, repeats, maxResumeAttempts } = this.setting;
    const client = new ReferenceClient({
      wants: wantsOf(this.setting),
      hasRaw,
      hasThreads: workers !== null,
      readsLater: readsLater(this.setting),
      maxResumeAttempts: maxResumeAttempts ?? ENDLESS_ATTEMPTS,
    });
    const report = (violation: Violation): void => this.#report(violation, shardId);
    const recorder = new Recorder(client, report);
    const link = new ShardLink({
      shardId,
      url,
      client,
      repeats,
      isTaken: () => recorder.isComplete(hasRaw),
      report,
      changed: this.#changes.notify,
    });
    return { shardId, client, recorder, link };
  }

  async #runSteps({ shardId, link }: Lane, bot: Bot): Promise<void> {
    const until = (condition: () => boolean, what: string): Promise<void> => this.#until(shardId, condition, what);
    for (const step of this.steps.filter((candidate) => candidate.shardId === shardId)) {
      await until(() => link.isReady, 'the shard to be ready');
      this.#options.onStep?.(step);
      this.failedAt = step.index;
      const random = randomFor(step.seed, step.kind);
      await STEPS[step.kind]({
        link,
        random,
        bot,
        shardId,
        setting: this.setting,
        changed: this.#changes.notify,
        until,
      });
      link.leaveIfUncertain();
      if (step.settles) await until(() => link.isSettled, `everything of step ${step.index}`);
    }
    await until(() => link.isSettled, 'everything to be delivered');
    link.sendDispatch(...endMarker(link.nextSequence));
    await until(() => link.isSettled, 'the last dispatch');
  }

  async #until(shardId: number, condition: () => boolean, what: string): Promise<void> {
    const holds = await this.#changes.until(
      () => this.violation !== null || condition(),
      this.#options.hangMs ?? HANG_MS,
    );
    if (this.violation !== null) throw this.violation;
    if (holds) return;
    const lane = this.lanes[shardId];
    const phase = lane?.link.peer?.phase ?? 'no connection';
    throw new Violation(
      `shard ${shardId} waits without an end for ${what} (${phase}): ${lane?.recorder.describe(this.setting.hasRaw) ?? ''}`,
    );
  }

  async #within(promise: Promise<void>, what: string): Promise<void> {
    let outcome: 'done' | Error | null = null;
    void promise.then(
      () => {
        outcome = 'done';
        this.#changes.notify();
      },
      (error: unknown) => {
        outcome = error instanceof Error ? error : new Error(String(error));
        this.#changes.notify();
      },
    );
    await this.#changes.until(() => outcome !== null, this.#options.hangMs ?? HANG_MS);
    if (outcome !== 'done')
      throw new Violation(`${what} ${outcome === null ? 'does not settle' : `rejects with ${String(outcome)}`}`);
  }

  #report(violation: Violation, shardId?: number): void {
    if (this.violation === null) {
      this.violation = shardId === undefined ? violation : new Violation(`shard ${shardId}: ${violation.message}`);
    }
    this.#changes.notify();
  }
}

const endMarker = (s: number): Parameters<ShardLink['sendDispatch']> => {
  const bytes = Buffer.from(`{"t":"FUZZ_1","s":${s},"op":0,"d":{"end":true}}`);
  return [{ s, bytes }, bytes];
};

/** The events of the process that no message of a gateway may cause. */
const CRASHES = ['uncaughtException', 'unhandledRejection'] as const;

export async function runCase(seed: number, options: CaseOptions = {}): Promise<CaseResult> {
  const running = new Case(seed, options);
  const onCrash = (error: unknown): void =>
    running.fail(`an unhandled error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  for (const name of CRASHES) process.on(name, onCrash);
  try {
    await running.run();
  } finally {
    for (const name of CRASHES) process.off(name, onCrash);
  }
  const { setting, steps, violation, failedAt, lanes } = running;
  return {
    setting,
    steps,
    violation: violation?.message ?? null,
    failedAt: violation === null ? null : failedAt,
    dispatches: lanes.reduce((sum, { client }) => sum + client.expected.length, 0),
    brokenMessages: lanes.reduce((sum, { client }) => sum + client.faults.DECODE_FAILED, 0),
  };
}
