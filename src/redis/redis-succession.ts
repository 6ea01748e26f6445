/** The plan of the bot in Redis, and the next generation of shards on its way to take over. */
import type { ClusterPlan } from '../cluster/ports/engine.ts';
import type { Member } from '../cluster/ports/ownership.ts';
import { RECORD_LEASES } from '../cluster/ports/succession.ts';
import type {
  NextGeneration,
  Succession,
  SuccessionFailure,
  SuccessionPhase,
  SuccessionReport,
} from '../cluster/ports/succession.ts';
import { decodeName, encodeName } from './redis-lease.ts';
import { invalidError } from './redis-failure.ts';
import type { RedisKeyspace } from './redis-keys.ts';
import type { RedisLink, ScriptArgument } from './redis-link.ts';
import type { RedisReply } from './redis-reply.ts';
import type { Script } from './script.ts';
import { HASH } from './scripts/hash.lua.ts';
import { PLAN } from './scripts/plan.lua.ts';
import { BEGIN_SUCCESSION, END_SUCCESSION, REPORT_SUCCESSION } from './scripts/succession.lua.ts';

const PHASES: readonly SuccessionPhase[] = ['preparing', 'recording', 'buffering', 'freezing', 'catchingUp'];

/** What Redis has agreed on. */
export interface RedisPlan {
  /** `null` before the first node. */
  readonly plan: ClusterPlan | null;
  readonly partitions: number | null;
  /** How many streams there are: the highest shard count that the bot has had. */
  readonly streams: number;
}

interface RedisSuccessionOptions {
  readonly link: RedisLink;
  readonly keyspace: RedisKeyspace;
  readonly leaseTtlMs: number;
}

export class RedisSuccession implements Succession {
  readonly #link: RedisLink;
  readonly #keyspace: RedisKeyspace;
  readonly #leaseTtlMs: number;

  constructor({ link, keyspace, leaseTtlMs }: RedisSuccessionOptions) {
    this.#link = link;
    this.#keyspace = keyspace;
    this.#leaseTtlMs = leaseTtlMs;
  }

  /** Agrees on what is passed, and resolves with what is in force. */
  async agree(plan: ClusterPlan | null, partitions: number | null): Promise<RedisPlan> {
    const reply = await this.#run(PLAN, [plan?.total ?? '', plan?.generation ?? 0, partitions ?? '']);
    const [total, generation, agreedPartitions, streams] = [1, 2, 3, 4].map((index) => numberAt(reply, index));
    const next = nextIn(reply);
    return {
      plan:
        total === null || total === undefined
          ? null
          : { total, ...(generation ? { generation } : {}), ...(next === null ? {} : { next }) },
      partitions: agreedPartitions ?? null,
      streams: Math.max(total ?? 0, streams ?? 0),
    };
  }

  async begin({ instance }: Member, total: number): Promise<number | null> {
    const reply = await this.#run(BEGIN_SUCCESSION, [encodeName(instance), total]);
    return reply.state === 'begun' ? reply.number(1) : null;
  }

  async report(
    { instance }: Member,
    { generation, attempt, phase, ready, record = [] }: SuccessionReport,
  ): Promise<void> {
    const counts = [ready?.current ?? 0, ready?.next ?? 0];
    const name = encodeName(instance);
    const keptMs = RECORD_LEASES * this.#leaseTtlMs;
    await this.#run(REPORT_SUCCESSION, [name, generation, attempt, phase, ...counts, record.join('\n'), keptMs]);
  }

  async restart(generation: number, attempt: number): Promise<void> {
    await this.#run(END_SUCCESSION, [generation, attempt]);
  }

  async abandon(generation: number, { code, message }: SuccessionFailure): Promise<void> {
    await this.#run(END_SUCCESSION, [generation, '', code, message]);
  }

  async record(generation: number): Promise<readonly string[]> {
    const fields = await this.#read('record');
    if (Number(fields.get('-')) !== generation) return [];
    fields.delete('-');
    return [...fields.values()].flatMap((digests) => digests.split('\n'));
  }

  async failure(generation: number): Promise<SuccessionFailure | null> {
    const text = (await this.#read('plan')).get('abandoned') ?? '';
    const [, number, code = '', message = ''] = /^(\S+) (\S+) (.*)$/s.exec(text) ?? [];
    return Number(number) === generation ? { code, message } : null;
  }

  async #read(name: 'plan' | 'record'): Promise<Map<string, string>> {
    const reply = await this.#link.run(HASH, [this.#keyspace.control.of(name)], []);
    return new Map(reply.list(2).pairs());
  }

  #run(script: Script, args: readonly ScriptArgument[]): Promise<RedisReply> {
    const { control } = this.#keyspace;
    const keys = [control.of('plan'), control.of('next'), control.of('members', 'shards'), control.of('record')];
    return this.#link.run(script, keys, [control.changes({ kind: 'shards' }), ...args]);
  }
}

const numberAt = (reply: RedisReply, index: number): number | null =>
  reply.text(index) === '' ? null : reply.number(index);

/** @throws {@link GatewayError} `ENGINE_INVALID` if a later version has written there. */
function nextIn(reply: RedisReply): NextGeneration | null {
  if (reply.text(5) === '') return null;
  const [generation, total, attempt] = [reply.number(5), reply.number(6), reply.number(7)];
  const phase = PHASES.find((each) => each === reply.text(8));
  if (phase === undefined) throw invalidError(`Redis has an unknown phase of a resharding: ${reply.text(8)}`);
  return { generation, total, attempt, phase, leader: decodeName(reply.text(9)) };
}
