/**
 * Measures what a thousand idle shards cost. All clients idle at the same time, each in its own process: they use a few
 * per cent of a core, and one after the other would take minutes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from './cases.ts';
import { CLIENTS, problemOf } from './clients.ts';
import type { ClientId } from './clients.ts';
import type { Harness, Member } from './harness.ts';
import type { CaseResult } from './results.ts';
import { problemText } from './rounds.ts';
import type { CaseReporter } from './rounds.ts';
import { liveSetup } from './scenarios/live.ts';
import type { Sample } from './scenarios/scenario.ts';
import type { Settings } from './settings.ts';

export type IdleCase = Extract<Case, { kind: 'idle' }>;

const US_PER_MS = 1_000;
const US_PER_SECOND = 1e6;
const MS_PER_MINUTE = 60_000;
/** After connecting, V8 still compiles. */
const SETTLE_MS = 3_000;

interface Reading {
  readonly cpuUs: number;
  readonly heartbeats: number;
}

const readingOf = async ({ gateway, client, log }: Member): Promise<Reading> => ({
  cpuUs: await client.call('cpuUs', undefined),
  heartbeats: await gateway.call('heartbeats', log),
});

/** Measures all cases once, together. */
export async function measureIdle(
  cases: readonly IdleCase[],
  { idle: { shards, ms } }: Settings,
  harness: Harness,
  reporter: CaseReporter,
): Promise<CaseResult[]> {
  if (cases.length === 0) return [];
  const problems = new Map<ClientId, string>(
    cases.flatMap(({ client }) => {
      const problem = problemOf(CLIENTS[client]);
      return problem === null ? [] : [[client, problem]];
    }),
  );
  const runs = cases
    .filter(({ client }) => !problems.has(client))
    .map(({ client }) => ({ client, setup: liveSetup(shards) }));
  for (const { id } of cases) reporter.begin(id, 0, 1);
  const samples = await harness.runTogether(
    runs,
    (client, error) => void problems.set(client, problemText(error)),
    async (members) => {
      // Otherwise V8 collects the garbage of connecting within the time that is measured.
      await Promise.all(members.map(({ client }) => client.call('collectGarbage', undefined)));
      await sleep(Math.min(ms, SETTLE_MS));
      const before = await Promise.all(members.map(readingOf));
      await sleep(ms);
      const after = await Promise.all(members.map(readingOf));
      return new Map(
        members.map(({ id }, index): [ClientId, Sample] => {
          const cpuUs = (after[index]?.cpuUs ?? 0) - (before[index]?.cpuUs ?? 0);
          const heartbeats = (after[index]?.heartbeats ?? 0) - (before[index]?.heartbeats ?? 0);
          const cpuSPerMinute = (cpuUs / US_PER_SECOND) * (MS_PER_MINUTE / ms);
          return [id, { heartbeatMs: cpuUs / US_PER_MS / heartbeats, cpuSPerMinute, heartbeats }];
        }),
      );
    },
  );
  return cases.map(({ id, client }) => {
    const values = samples.get(client);
    const problem = problems.get(client) ?? null;
    if (values === undefined) reporter.failed(id, problem ?? 'not measured', 1);
    else reporter.end(id, 0, 1, values);
    return { id, problem, samples: values === undefined ? [] : [{ round: 0, values }] };
  });
}
