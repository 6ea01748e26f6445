/**
 * A bot with one worker thread and a gateway of its own, run as a process by tests of the ways to start Node. It prints
 * how connect() ended, the dispatches that arrived, and the faults.
 */
import { ShardManager } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import './v8-flags.ts';

const gateway = await FakeGateway.listen({ token: 'bot-token', identifyIntervalMs: 0 });
const manager = new ShardManager({ token: 'bot-token', intents: ['Guilds'], api: gateway.apiUrl, workers: 1 });
const faults: string[] = [];
manager.on('fault', ({ code }) => faults.push(code));
const arrived = new Promise<string>((resolve) =>
  manager.onDispatch('MESSAGE_CREATE', ({ content }) => resolve(content)),
);

const print = (result: object): void => void process.stdout.write(`RESULT ${JSON.stringify(result)}\n`);

try {
  await manager.connect();
  gateway.dispatch('MESSAGE_CREATE', { content: 'hello' });
  print({ outcome: 'ready', arrived: await arrived, faults });
} catch (error) {
  const { code, hint } = error as { code?: string; hint?: string };
  print({ outcome: code, hint, faults, ready: manager.status().ready });
}
await manager.disconnect();
await gateway.close();
