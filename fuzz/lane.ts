/**
 * The entry of a process that runs cases: one seed after the other, as they are asked for. A process and not a thread,
 * so that a bot that ends its process or blocks it is found too.
 */
import { runCase } from './run.ts';
import type { CaseResult } from './run.ts';
import { shrink } from './shrink.ts';
import { settingOf } from './setting.ts';

/** What the parent asks for. */
export interface LaneRequest {
  readonly seed: number;
  /** The indexes of the only steps to run; `null` for all. */
  readonly only: readonly number[] | null;
}

/** `running` also says that the process is alive. */
export type LaneReport =
  | { readonly kind: 'running' }
  | { readonly kind: 'failed'; readonly what: string }
  | { readonly kind: 'done'; readonly result: CaseResult; readonly shortest: readonly number[] | null };

const send = (report: LaneReport): void => void process.send?.(report);

async function run({ seed, only }: LaneRequest): Promise<void> {
  const onStep = (): void => send({ kind: 'running' });
  const result = await runCase(seed, { onStep, ...(only === null ? {} : { only }) });
  if (result.violation === null) return send({ kind: 'done', result, shortest: null });
  // If the process does not survive the shorter cases, the parent knows what is wrong all the same.
  send({ kind: 'failed', what: result.violation });
  const shortest = await shrink(result, { onStep, setting: settingOf(seed) });
  send({ kind: 'done', result, shortest });
}

process.on('message', (request: LaneRequest) => void run(request));
