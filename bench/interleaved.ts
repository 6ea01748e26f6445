/**
 * Measures the backlog. All clients of a mix are connected at the same time and replay the same slice of events in turn,
 * so that a busy moment of the machine affects a client and its floor alike. A ratio compares slices of the same round.
 */
import type { BacklogCase } from './cases.ts';
import { BASES, CLIENTS, problemOf } from './clients.ts';
import type { ClientId } from './clients.ts';
import type { CountResult } from './client/dispatch-counter.ts';
import type { Harness, Member } from './harness.ts';
import { InstructionCounter } from './instructions.ts';
import { MAX_SPREAD } from './results.ts';
import type { CaseResult } from './results.ts';
import { FIRST_SEQUENCE, recordedSetup } from './scenarios/recorded.ts';
import type { Sample } from './scenarios/scenario.ts';
import type { BacklogSettings, Settings } from './settings.ts';
import { quantile, ratios, spreadOf } from './statistics.ts';
import type { ByRound } from './statistics.ts';
import { problemText } from './rounds.ts';
import type { CaseReporter } from './rounds.ts';

interface Entry {
  readonly item: BacklogCase;
  problem: string | null;
  /** Whether the warm-up of every generation ended because it no longer got cheaper. */
  isWarm: boolean;
  readonly samples: { round: number; values: Sample }[];
}

interface Running extends Member {
  readonly entry: Entry;
  readonly instructions: InstructionCounter | null;
  slicesPerTurn: number;
}

const US_PER_MS = 1_000;

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Returns whether slices no longer get cheaper: V8 has compiled what it will compile. */
export function isWarm(costs: readonly number[], { window, settled }: BacklogSettings): boolean {
  if (costs.length < 2 * window) return false;
  return median(costs.slice(-window)) >= median(costs.slice(-2 * window, -window)) * (1 - settled);
}

const cpuOf = ({ samples }: Entry): ByRound =>
  new Map(samples.map(({ round, values }) => [round, values['cpuUs'] ?? Number.NaN]));

class Group {
  readonly #settings: Settings;
  readonly #reporter: CaseReporter;
  readonly #entries: readonly Entry[];
  #round = 0;

  constructor(entries: readonly Entry[], settings: Settings, reporter: CaseReporter) {
    this.#entries = entries;
    this.#settings = settings;
    this.#reporter = reporter;
  }

  async measure(harness: Harness): Promise<void> {
    const { generations } = this.#settings.backlog;
    for (let generation = 1; generation <= generations; generation += 1) {
      const isLast = generation === generations;
      const runs = this.#entries
        .filter(({ problem, item }) => problem === null && (isLast || item.generations === 'all'))
        .map(({ item }) => ({ client: item.client, setup: sliceSetup(item, this.#settings) }));
      await harness.runTogether(
        runs,
        (client, error) => this.#fail(client, error),
        (members) => this.#measureGeneration(members, isLast),
      );
    }
  }

  async #measureGeneration(members: readonly Member[], isLast: boolean): Promise<void> {
    const running = members.map((member) => this.#start(member));
    for (const each of running) await this.#warmUp(each);
    const { rounds, extraRounds } = this.#settings.backlog;
    for (let round = 0; round < rounds; round += 1) await this.#measureRound(running);
    for (let extra = isLast ? extraRounds : 0; extra > 0; extra -= 1) {
      const needed = this.#needed();
      if (needed.size === 0) break;
      await this.#measureRound(running.filter(({ id }) => needed.has(id)));
    }
    for (const { entry, instructions } of running) {
      const count = await instructions?.stop();
      const [last] = entry.samples.slice(-1);
      if (count !== undefined && count !== null && last !== undefined)
        last.values = { ...last.values, instructions: count };
    }
  }

  #start(member: Member): Running {
    const entry = this.#entries.find(({ item }) => item.client === member.id);
    if (entry === undefined) throw new Error(`there is no case of ${member.id}`);
    return { ...member, entry, instructions: InstructionCounter.start(member.client.pid), slicesPerTurn: 1 };
  }

  async #warmUp(running: Running): Promise<void> {
    const { backlog } = this.#settings;
    const costs: number[] = [];
    await this.#guard(running, async () => {
      while (costs.length < backlog.maxWarmup && !isWarm(costs, backlog))
        costs.push((await this.#replay(running)).cpuUs);
      running.entry.isWarm &&= isWarm(costs, backlog);
      const sliceUs = median(costs.slice(-backlog.window));
      running.slicesPerTurn = Math.max(1, Math.ceil((backlog.turnMs * US_PER_MS) / sliceUs));
    });
  }

  async #measureRound(running: readonly Running[]): Promise<void> {
    const round = (this.#round += 1);
    const start = round % Math.max(1, running.length);
    const planned = this.#settings.backlog.generations * this.#settings.backlog.rounds;
    // The place in a round must not matter.
    for (const each of [...running.slice(start), ...running.slice(0, start)]) {
      this.#reporter.begin(each.entry.item.id, round - 1, Math.max(round, planned));
      await this.#guard(each, async () => {
        const values = await this.#takeTurn(each);
        each.entry.samples.push({ round, values });
      });
    }
  }

  async #takeTurn(running: Running): Promise<Sample> {
    const events = this.#events(running) * running.slicesPerTurn;
    const slices: CountResult[] = [];
    await running.instructions?.enable();
    while (slices.length < running.slicesPerTurn) slices.push(await this.#replay(running));
    await running.instructions?.disable(events);
    const sumOf = (of: (slice: CountResult) => number): number => slices.reduce((sum, slice) => sum + of(slice), 0);
    return {
      cpuUs: sumOf(({ cpuUs }) => cpuUs) / events,
      wallUs: sumOf(({ wallUs }) => wallUs) / events,
      peakRssMiB: slices.at(-1)?.peakRssMiB ?? 0,
      outOfOrder: sumOf(({ outOfOrder }) => outOfOrder) / slices.length,
    };
  }

  /** The clients with a ratio that is too noisy so far, and the clients that they are compared with. */
  #needed(): Set<ClientId> {
    const costs = new Map(this.#entries.map((entry) => [entry.item.client, cpuOf(entry)]));
    const isNoisy = (client: ClientId, base: ClientId): boolean =>
      spreadOf(ratios(costs.get(client) ?? new Map(), costs.get(base) ?? new Map())) > MAX_SPREAD;
    return new Set(
      this.#entries
        .filter(({ problem }) => problem === null)
        .flatMap(({ item: { client } }) => {
          const bases = Object.values(BASES).flatMap((base) => base(client) ?? []);
          return bases.some((base) => isNoisy(client, base)) ? [client, ...bases] : [];
        }),
    );
  }

  #events({ entry }: Running): number {
    return this.#settings.backlog.sliceEvents[entry.item.mix];
  }

  async #replay(running: Running): Promise<CountResult> {
    const { gateway, client, connection, id } = running;
    const { listensTo = null, changesData = false, variant } = CLIENTS[id];
    await client.call('arm', {
      count: await gateway.call('count', { part: 'measured', t: listensTo }),
      from: FIRST_SEQUENCE,
      sent: this.#events(running),
      keep: 'nothing',
      withData: !changesData && variant !== 'unread',
      collectsFirst: false,
    });
    const [result] = await Promise.all([
      client.call('arrived', undefined),
      gateway.call('replayOn', { connection, part: 'measured' }),
    ]);
    return result;
  }

  async #guard({ id, entry }: Running, work: () => Promise<void>): Promise<void> {
    if (entry.problem !== null) return;
    try {
      await work();
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(client: ClientId, error: unknown): void {
    const entry = this.#entries.find(({ item }) => item.client === client);
    if (entry !== undefined) entry.problem ??= problemText(error);
  }
}

const sliceSetup = ({ mix }: BacklogCase, settings: Settings) => ({
  ...recordedSetup(settings),
  mix,
  warmup: 0,
  measured: settings.backlog.sliceEvents[mix],
});

/** The median of each figure, for the progress. */
const summaryOf = ({ samples }: Entry): Sample =>
  Object.fromEntries(
    Object.keys(samples[0]?.values ?? {}).map((name) => [name, median(samples.map(({ values }) => values[name] ?? 0))]),
  );

/** Measures the cases of one mix. */
export async function measureInterleaved(
  cases: readonly BacklogCase[],
  settings: Settings,
  harness: Harness,
  reporter: CaseReporter,
): Promise<CaseResult[]> {
  const entries = cases.map((item): Entry => ({
    item,
    problem: problemOf(CLIENTS[item.client]),
    isWarm: true,
    samples: [],
  }));
  await new Group(entries, settings, reporter).measure(harness);
  return entries.map((entry) => {
    const { item, problem, samples, isWarm: isWarmEntry } = entry;
    if (problem === null) reporter.end(item.id, 0, 1, summaryOf(entry));
    else reporter.failed(item.id, problem, 1);
    return { id: item.id, problem, isWarm: isWarmEntry, samples };
  });
}
