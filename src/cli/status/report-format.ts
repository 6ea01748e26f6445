/** The format of a status. Whatever listens on the port may answer, so each field is checked before it is shown. */
import { fieldsOf, isCount } from '../../protocol/validation.ts';
import { STATE_STYLES } from '../state-styles.ts';

type Check = (value: unknown) => boolean;
type Checks = Readonly<Record<string, Check>>;

const MANAGER_STATES = ['running', 'resharding', 'starting', 'draining', 'stopped', 'failed'];

const isNumber: Check = (value) => Number.isFinite(value);
const isText: Check = (value) => typeof value === 'string';
const nullable =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const REPORT: Checks = { shardwright: isText, pid: isCount, at: isNumber };

const STATUS: Checks = {
  state: (value) => MANAGER_STATES.some((state) => state === value),
  total: nullable(isCount),
  ready: isCount,
  shards: Array.isArray,
  resharding: nullable((value) => isComplete(value, { total: isCount, ready: isCount })),
  budget: nullable((value) => isComplete(value, { total: isCount, remaining: isCount, resetAfterMs: isNumber })),
};

const SHARD: Checks = {
  shardId: isCount,
  state: (value) => typeof value === 'string' && Object.hasOwn(STATE_STYLES, value),
  pingMs: nullable(isNumber),
  sessionAgeMs: nullable(isNumber),
  sequence: nullable(isCount),
  lastDispatchAt: nullable(isNumber),
  pendingSends: isCount,
  failure: nullable(isText),
};

const wrongField = (value: unknown, checks: Checks): string | undefined =>
  Object.entries(checks).find(([name, check]) => !check(fieldsOf(value)[name]))?.[0];

const isComplete = (value: unknown, checks: Checks): boolean => wrongField(value, checks) === undefined;

/** Returns which field of a report is missing or wrong; `null` if none is. */
export function damageOf(report: unknown): string | null {
  const { status } = fieldsOf(report);
  const wrong = wrongField(report, REPORT);
  if (wrong !== undefined) return wrong;
  const wrongInStatus = wrongField(status, STATUS);
  if (wrongInStatus !== undefined) return `status.${wrongInStatus}`;
  const { shards } = fieldsOf(status);
  for (const [index, shard] of (Array.isArray(shards) ? shards : []).entries()) {
    const field = wrongField(shard, SHARD);
    if (field !== undefined) return `status.shards[${index}].${field}`;
  }
  return null;
}
