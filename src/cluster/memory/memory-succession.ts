/** The plan of the bot, and the next generation of shards on its way to take over. Each call is one step. */
import type { ClusterPlan } from '../ports/engine.ts';
import type { Member } from '../ports/ownership.ts';
import { RECORD_LEASES } from '../ports/succession.ts';
import type { SuccessionFailure, SuccessionPhase, SuccessionReport } from '../ports/succession.ts';
import type { NextData } from './memory-data.ts';
import type { MemoryOwnership } from './memory-ownership.ts';
import type { MemoryStore } from './memory-store.ts';

const SHARDS = { kind: 'shards' } as const;

const LEADER_GONE: SuccessionFailure = {
  code: 'RESHARD_REFUSED',
  message: 'the node that led the resharding is gone',
};

/** `null`: the next generation is in service. */
const PHASE_AFTER: Readonly<Record<SuccessionPhase, SuccessionPhase | null>> = {
  preparing: 'recording',
  recording: 'buffering',
  buffering: 'freezing',
  freezing: 'catchingUp',
  catchingUp: null,
};

export class MemorySuccession {
  readonly #store: MemoryStore;
  readonly #ownership: MemoryOwnership;

  constructor(store: MemoryStore, ownership: MemoryOwnership) {
    this.#store = store;
    this.#ownership = ownership;
  }

  get plan(): ClusterPlan | null {
    this.#checkMembers();
    const { plan, next } = this.#store.data;
    if (plan === null || next === null) return plan;
    const { reports: _reports, participants: _participants, ...view } = next;
    return { ...plan, next: view };
  }

  agree({ total, generation = 0 }: Omit<ClusterPlan, 'next'>): ClusterPlan {
    const { data } = this.#store;
    const known = data.plan;
    if (known === null || (known.generation ?? 0) < generation) {
      data.plan = generation === 0 ? { total } : { total, generation };
      data.streamCount = Math.max(data.streamCount, total, known?.total ?? 0);
      data.lastGeneration = Math.max(data.lastGeneration, generation);
      if (data.next !== null && data.next.generation <= generation) data.next = null;
      this.#publish();
    }
    return this.plan ?? { total };
  }

  begin({ instance }: Member, total: number): number | null {
    const { data, clock } = this.#store;
    if (this.plan === null || data.next !== null) return null;
    const generation = Math.max(data.lastGeneration + 1, Math.floor(clock.now()));
    data.lastGeneration = generation;
    data.record = { generation, byInstance: new Map(), endsAt: null };
    data.next = {
      generation,
      total,
      attempt: 1,
      phase: 'preparing',
      leader: instance,
      reports: new Map(),
      participants: [],
    };
    this.#publish();
    return generation;
  }

  report({ instance }: Member, report: SuccessionReport): void {
    this.#checkMembers();
    const { next, record } = this.#store.data;
    if (next?.generation !== report.generation) return;
    if (next.attempt !== report.attempt || next.phase !== report.phase) return;
    next.reports.set(instance, structuredClone(report));
    if (report.record !== undefined) record?.byInstance.set(instance, [...report.record]);
    if (this.#isPhaseDone(next)) this.#advance(next);
  }

  restart(generation: number, attempt: number): void {
    const { next } = this.#store.data;
    if (next?.generation === generation && next.attempt === attempt) this.#restart(next);
  }

  abandon(generation: number, { code, message }: SuccessionFailure): void {
    const { data } = this.#store;
    if (data.next?.generation !== generation) return;
    data.next = null;
    data.abandoned = { generation, code, message };
    this.#publish();
  }

  record(generation: number): readonly string[] {
    const { clock, data } = this.#store;
    const { record } = data;
    if (record?.generation !== generation || clock.now() >= (record.endsAt ?? Infinity)) return [];
    return [...record.byInstance.values()].flat();
  }

  failure(generation: number): SuccessionFailure | null {
    const { abandoned } = this.#store.data;
    return abandoned?.generation === generation ? { code: abandoned.code, message: abandoned.message } : null;
  }

  /** What rests on a member that is gone does not go on. */
  #checkMembers(): void {
    const { next } = this.#store.data;
    if (next === null) return;
    const members = this.#members;
    if (!members.has(next.leader)) this.abandon(next.generation, LEADER_GONE);
    else if (next.participants.some((instance) => !members.has(instance))) this.#restart(next);
  }

  #isPhaseDone({ phase, reports, participants, total }: NextData): boolean {
    if (phase !== 'preparing') return participants.every((instance) => reports.get(instance)?.phase === phase);
    const members = this.#members;
    const ready = [...reports].filter(([instance]) => members.has(instance)).map(([, report]) => report.ready);
    const sum = (of: 'current' | 'next'): number => ready.reduce((count, each) => count + (each?.[of] ?? 0), 0);
    return sum('next') === total && sum('current') === this.#store.data.plan?.total;
  }

  #advance(next: NextData): void {
    const { data, clock, leaseTtlMs } = this.#store;
    const phase = PHASE_AFTER[next.phase];
    if (phase === null) {
      const { total, generation } = next;
      data.streamCount = Math.max(data.streamCount, data.plan?.total ?? 0, total);
      data.plan = { total, generation };
      data.next = null;
      if (data.record !== null) data.record.endsAt = clock.now() + RECORD_LEASES * leaseTtlMs;
    } else {
      const members = this.#members;
      const participants =
        next.phase === 'preparing' ? [...next.reports.keys()].filter((each) => members.has(each)) : next.participants;
      data.next = { ...next, phase, participants };
    }
    this.#publish();
  }

  #restart(next: NextData): void {
    const { data } = this.#store;
    data.record?.byInstance.clear();
    data.next = { ...next, attempt: next.attempt + 1, phase: 'preparing', reports: new Map(), participants: [] };
    this.#publish();
  }

  get #members(): ReadonlySet<string> {
    return new Set(this.#ownership.view(SHARDS).members.map(({ instance }) => instance));
  }

  #publish(): void {
    this.#store.scopeNews.publish('shards', undefined);
  }
}
