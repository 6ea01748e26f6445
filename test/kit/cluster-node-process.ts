/** A node of a cluster on Redis, run as a process by tests. It reports what it hands out and what it emits. */
import { ShardManager } from '../../src/index.ts';
import type { ManagerOptions, SendPayload } from '../../src/index.ts';
import { dyingEngine } from './dying-engine.ts';
import { programEngine } from './program-engine.ts';
import type { ProgramEngineOptions } from './program-engine.ts';
import { batchedReport, programOptions, report, serveCalls } from './serve-calls.ts';
import { QUICK } from './timing.ts';

export interface NodeProcessOptions {
  readonly engine: ProgramEngineOptions;
  readonly manager: Partial<ManagerOptions> & Pick<ManagerOptions, 'token' | 'intents' | 'api' | 'node'>;
  /** Whether the process kills itself when it has a permit to IDENTIFY. */
  readonly diesWithPermit?: boolean;
}

const options = programOptions() as NodeProcessOptions;
const engine = await programEngine(options.engine);
const manager = new ShardManager({
  timing: QUICK,
  ...options.manager,
  engine: options.diesWithPermit === true ? dyingEngine(engine) : engine,
});
const hand = batchedReport('handled');

for (const name of ['claimed', 'released', 'nodeJoined', 'nodeLeft'] as const)
  manager.on(name, (...args: unknown[]) => report(name, args));
for (const name of ['fault', 'failed'] as const)
  manager.on(name, ({ code, message }, shardId) => report(name, { code, message, shardId }));
manager.on('stateChange', ({ to }, shardId) => report('state', { shardId, state: to }));
manager.onDispatch('MESSAGE_CREATE', ({ id }, { isRestored }, shardId) => {
  if (isRestored !== true) hand([shardId, id]);
});
manager.onDispatch('GUILD_CREATE', ({ id }) => report('guild', id));

serveCalls({
  connect: () => manager.connect(),
  disconnect: () => manager.disconnect(),
  reshard: (total: number) => manager.reshard(total),
  status: () => manager.status(),
  send: (shardId: number, payload: SendPayload) => manager.send(shardId, payload),
});
report('started', null);
