/**
 * Measures the backlog. All clients of a mix are connected at the same time. In its turn a client replays the same slice
 * of events in alternation with the clients that it is compared with: another user of the machine's cores changes their
 * speed several times a second, so that only slices next to each other can be compared.
 */
import { allowedCores, setAffinity } from './affinity.ts';
import type { BacklogCase } from './cases.ts';
import { BASES, CLIENTS, RATIO_NAMES, problemOf } from './clients.ts';
import type { ClientId, RatioName } from './clients.ts';
import type { CountResult } from './client/dispatch-counter.ts';
import type { Harness, Member } from './harness.ts';
import { InstructionCounter } from './instructions.ts';
import { MAX_SPREAD } from './results.ts';
import type { CaseResult } from './results.ts';
import { FIRST_SEQUENCE, recordedSetup } from './scenarios/recorded.ts';
import type { Sample } from './scenarios/scenario.ts';
import type { BacklogSettings, Settings } from './settings.ts';
import { quantile, spreadOf } from './statistics.ts';
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

/** Whether a ratio of the client differs too much from turn to turn. */
const isNoisy = ({ samples }: Entry): boolean =>
  RATIO_NAMES.some((name) => spreadOf(samples.flatMap(({ values }) => values[name] ?? [])) > MAX_SPREAD);

/** Returns what a client costs relative to each of its bases, in one turn; nothing for a base that has failed. */
export function ratiosIn(id: ClientId, cpuUs: ReadonlyMap<ClientId, number>): Partial<Record<RatioName, number>> {
  const own = cpuUs.get(id) ?? Number.NaN;
  return Object.fromEntries(
    RATIO_NAMES.flatMap((name) => {
      const base = BASES[name](id);
      const ratio = base === null ? Number.NaN : own / (cpuUs.get(base) ?? Number.NaN);
      return Number.isFinite(ratio) ? [[name, ratio]] : [];
    }),
  );
}

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
    const cores = allowedCores();
    for (const { client } of running) setAffinity(client.pid, cores.slice(-1));
    const { rounds, extraRounds } = this.#settings.backlog;
    for (let round = 0; round < rounds; round += 1) await this.#measureRound(running, running);
    for (let extra = isLast ? extraRounds : 0; extra > 0; extra -= 1) {
      const noisy = running.filter(({ entry }) => isNoisy(entry));
      if (noisy.length === 0) break;
      await this.#measureRound(noisy, running);
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
      running.slicesPerTurn = Math.max(backlog.minPasses, Math.ceil((backlog.turnMs * US_PER_MS) / sliceUs));
    });
  }

  async #measureRound(running: readonly Running[], members: readonly Running[]): Promise<void> {
    const round = (this.#round += 1);
    const start = round % Math.max(1, running.length);
    const planned = this.#settings.backlog.generations * this.#settings.backlog.rounds;
    // The place in a round must not matter.
    for (const each of [...running.slice(start), ...running.slice(0, start)]) {
      if (each.entry.problem !== null) continue;
      this.#reporter.begin(each.entry.item.id, round - 1, Math.max(round, planned));
      const values = await this.#takeTurn(each, members);
      if (each.entry.problem === null) each.entry.samples.push({ round, values });
    }
  }

  async #takeTurn(own: Running, members: readonly Running[]): Promise<Sample> {
    const bases = new Set(RATIO_NAMES.map((name) => BASES[name](own.id)));
    const others = members.filter((each) => each !== own && bases.has(each.id) && each.entry.isWarm);
    await own.instructions?.enable();
    const { slices, cpuUs } = await this.#replayInPasses(own, others);
    const events = this.#events(own) * slices.length;
    await own.instructions?.disable(events);
    const sumOf = (of: (slice: CountResult) => number): number => slices.reduce((sum, slice) => sum + of(slice), 0);
    return {
      cpuUs: sumOf((slice) => slice.cpuUs) / events,
      wallUs: sumOf(({ wallUs }) => wallUs) / events,
      peakRssMiB: slices.at(-1)?.peakRssMiB ?? 0,
      outOfOrder: sumOf(({ outOfOrder }) => outOfOrder) / slices.length,
      ...ratiosIn(own.id, cpuUs),
    };
  }

  async #replayInPasses(
    own: Running,
    others: readonly Running[],
  ): Promise<{ slices: CountResult[]; cpuUs: ReadonlyMap<ClientId, number> }> {
    const slices: CountResult[] = [];
    const cpuUs = new Map<ClientId, number>();
    for (let pass = 0; pass < own.slicesPerTurn; pass += 1) {
      // The place in a pass must not matter either.
      for (const each of pass % 2 === 0 ? [own, ...others] : [...others.toReversed(), own]) {
        const slice = await this.#guard(each, () => this.#replay(each));
        cpuUs.set(each.id, (cpuUs.get(each.id) ?? 0) + (slice?.cpuUs ?? Number.NaN));
        if (each === own && slice !== null) slices.push(slice);
      }
    }
    return { slices, cpuUs };
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

  /** Returns `null` for a client that has failed. */
  async #guard<T>({ id, entry }: Running, work: () => Promise<T>): Promise<T | null> {
    if (entry.problem !== null) return null;
    try {
      return await work();
    } catch (error) {
      this.#fail(id, error);
      return null;
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
