/**
 * Reads the script of a replay from a recording. Of several processes it takes the one that started last: the file of
 * another one can be given instead of the directory.
 */
import { GatewayError } from '../../../protocol/errors.ts';
import { readRecording } from '../../../recorder/format/index.ts';
import type { RecordOf, RecordingRecord } from '../../../recorder/format/index.ts';
import type { ManagerScript, RecordedState, ReplayScript, ShardScript } from './replay-script.ts';
import { ShardScriptBuilder } from './shard-script-builder.ts';

/** The records of one process. */
class RunBuilder {
  readonly #shards = new Map<number, ShardScriptBuilder>();
  readonly #managerStates: RecordedState[] = [];
  readonly #startedAt: number;
  #managerState: string | null = null;
  #endedAt: number;
  #isOver = false;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
    this.#endedAt = startedAt;
  }

  add(record: RecordingRecord): void {
    if (this.#isOver) return;
    const { at, shard } = record;
    this.#endedAt = Math.max(this.#endedAt, at);
    if (record.kind === 'header') this.#addHeader(record);
    if (record.kind === 'managerState') this.#addManagerState(record);
    if (shard === null) return;
    if (record.kind === 'shard') this.#addShard(at, shard, record.shardCount, record.state);
    this.#shards.get(shard)?.add(record);
  }

  build(): ReplayScript {
    const shards = [...this.#shards.values()].map((shard) => shard.build(this.#endedAt));
    return {
      shards,
      manager: this.#managerOf(shards),
      durationMs: this.#endedAt - this.#startedAt,
    };
  }

  #managerOf(shards: readonly ShardScript[]): ManagerScript | null {
    const firstState = this.#managerStates[0]?.from ?? this.#managerState;
    if (firstState === null) return null;
    const states = this.#managerStates.map((change) => ({ ...change, afterMs: beginOf(change, shards) }));
    return { firstState, states };
  }

  #addHeader({ at, shards, managerState }: RecordOf<'header'>): void {
    this.#managerState ??= managerState;
    for (const { shard, shardCount, state } of shards) this.#addShard(at, shard, shardCount, state);
  }

  /** With `reshard()` other shards take over, and what they did before is not recorded. The replay ends there. */
  #addManagerState({ at, from, to }: RecordOf<'managerState'>): void {
    if (to === 'resharding') this.#isOver = true;
    else this.#managerStates.push({ afterMs: Math.max(0, at - this.#startedAt), from, to });
  }

  #addShard(at: number, shardId: number, shardCount: number, state: string): void {
    if (shardId < shardCount && !this.#shards.has(shardId))
      this.#shards.set(shardId, new ShardScriptBuilder({ startedAt: this.#startedAt, at, shardId, shardCount, state }));
  }
}

/** A manager that stops is recorded a moment after the shards that it stops. Returns the time of the first of these. */
function beginOf({ to, afterMs }: RecordedState, shards: readonly ShardScript[]): number {
  if (to !== 'draining') return afterMs;
  const stops = shards.flatMap(({ states }) =>
    states.flatMap((change, index) =>
      change.to === 'disconnecting' && change.afterMs <= afterMs && (states[index + 1]?.afterMs ?? afterMs) >= afterMs
        ? [change.afterMs]
        : [],
    ),
  );
  return Math.min(afterMs, ...stops);
}

/** Resolves with the script. @throws {@link GatewayError} `RECORDING_UNREADABLE` without a recording of a shard */
export async function readScript(path: string): Promise<ReplayScript> {
  let last = '';
  let startedAt = -Infinity;
  let builder = new RunBuilder(0);
  for await (const { run, record } of readRecording(path)) {
    if (record.kind === 'header' && run !== last && record.process.startedAt >= startedAt) {
      ({ startedAt } = record.process);
      last = run;
      builder = new RunBuilder(record.at);
    }
    if (run === last) builder.add(record);
  }
  const script = builder.build();
  if (script.shards.length === 0)
    throw new GatewayError('RECORDING_UNREADABLE', 'the recording contains no shard that could be replayed');
  return script;
}
