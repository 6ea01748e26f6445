/** Opens the Redis of a cluster for a command, which looks at it without being a node. */
import type { EngineConnection } from '../../cluster/ports/engine.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { redisEngine } from '../../redis/index.ts';
import { UsageError, stringOption } from '../command.ts';
import type { OptionValues } from '../command.ts';
import { ReportError } from '../status/report.ts';

export const CLUSTER_OPTIONS = { redis: { type: 'string' }, app: { type: 'string' } } as const;

/** Which bot, and where. */
export interface ClusterAddress {
  readonly app: string;
  readonly url: string;
}

const TIMEOUT_MS = 5_000;

/** @throws UsageError if an option is missing */
export function clusterAddressFrom(command: string, values: OptionValues): ClusterAddress {
  const [url, app] = [stringOption(values, 'redis'), stringOption(values, 'app')];
  if (url === undefined)
    throw new UsageError(`${command}: --redis must be the URL of Redis, such as redis://127.0.0.1:6379`);
  if (app === undefined) throw new UsageError(`${command}: --app must be the app that the nodes pass to redisEngine()`);
  return { url, app };
}

/** Rejects with a UsageError for a wrong option, and with a ReportError if Redis does not answer within 5 s. */
export async function openCluster(
  command: string,
  { app, url }: ClusterAddress,
  signal?: AbortSignal,
): Promise<EngineConnection> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let why = 'Redis does not answer';
  try {
    return await redisEngine({ app, url }).open({
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      report: ({ message }) => (why = message),
    });
  } catch (cause) {
    if (!(cause instanceof GatewayError)) throw cause;
    if (cause.code === 'ABORTED') throw new ReportError('NO_ANSWER', `${why}; check --redis`, { cause });
    const option = /^redisEngine\(\): (app|url) (.*)/.exec(cause.message);
    if (option === null) throw cause;
    throw new UsageError(`${command}: ${option[1] === 'url' ? '--redis' : '--app'} ${option[2]}`, { cause });
  }
}
