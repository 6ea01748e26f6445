/** `npm run cluster:proof`: the proof of the cluster under load, on real processes, and its balance. */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { messageOf } from '../src/protocol/network-errors.ts';
import { clusterProof } from '../test/kit/cluster-proof.ts';
import { ensureRedisServer } from './redis-server.ts';

const HELP = `npm run cluster:proof -- [options]

Runs a bot of four nodes and two groups of consumers, all processes of their own, on a redis-server and a fake gateway.
Under load each node is replaced, one is killed, one is frozen, and Redis comes back empty. Then it compares what was
sent with what is in the streams and what each group got.

  --shards N       how many shards, a multiple of 4 (default 32)
  --rate N         messages a second, over all shards (default 2000)
  --freeze-s N     how long a node is frozen, in s (default 30)
  --lease-ttl-ms N how long a lease is valid, in ms (default 6000)
  --help           print this text

The exit code is 1 when something was lost, doubled, or identified again.
`;

const write = (line: string): void => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    shards: { type: 'string', default: '32' },
    rate: { type: 'string', default: '2000' },
    'freeze-s': { type: 'string', default: '30' },
    'lease-ttl-ms': { type: 'string', default: '6000' },
    help: { type: 'boolean', default: false },
  },
});

async function prove(): Promise<boolean> {
  await ensureRedisServer();
  const { balance, evenBalance, identifies, resumes } = await clusterProof({
    shards: Number(values.shards),
    perSecond: Number(values.rate),
    freezeMs: Number(values['freeze-s']) * 1_000,
    leaseTtlMs: Number(values['lease-ttl-ms']),
    consumersPerGroup: 2,
    log: write,
  });
  write('');
  for (const [name, value] of Object.entries(balance))
    write(
      `${name.padEnd(24)} ${typeof value === 'number' ? value : `${value.length} ${value.slice(0, 5).join(', ')}`}`,
    );
  write(`${'RESUMEs'.padEnd(24)} ${resumes}`);
  write(`${'IDENTIFYs after the start'.padEnd(24)} ${identifies}`);
  return isDeepStrictEqual(balance, evenBalance) && identifies === 0;
}

try {
  if (values.help) process.stdout.write(HELP);
  else if (!(await prove())) process.exitCode = 1;
} catch (error) {
  // The end of the bot may fail because something else has failed before.
  const errors = error instanceof SuppressedError ? [error.suppressed, error.error] : [error];
  for (const each of errors) process.stderr.write(`cluster:proof: ${messageOf(each)}\n`);
  process.exitCode = 2;
}
