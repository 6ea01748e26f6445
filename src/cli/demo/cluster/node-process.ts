/** The program of a node process. */
import { redisEngine } from '../../../redis/index.ts';
import { configFromArguments, endWith, sayToDemo } from './child-link.ts';
import { startDemoNode } from './demo-node.ts';
import type { NodeProcessConfig } from './messages.ts';

const { redis, ...config } = configFromArguments() as NodeProcessConfig;
const node = await startDemoNode(config, redisEngine(redis), sayToDemo);
endWith(
  () => node.stop(),
  () => node.forceClose(),
);
