/** Checks the manager that an adapter for a framework is called with. */
import { GatewayError } from '../protocol/errors.ts';
import { isObject } from '../protocol/validation.ts';

/** @throws {@link GatewayError} `INVALID_OPTIONS` if a member is missing, naming the function that was called */
export function assertManager(
  manager: unknown,
  caller: string,
  members: readonly string[] = ['connect', 'disconnect', 'send', 'on', 'shards'],
  expected = 'a ShardManager',
): void {
  if (!isObject(manager) || members.some((name) => !(name in manager)))
    throw new GatewayError('INVALID_OPTIONS', `${caller} must be called with ${expected}`);
}
