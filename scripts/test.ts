/** `npm test`: runs all checks that a change must pass, the fastest first. Stops at the first failure. */
import { styleText } from 'node:util';
import { ensureChromium } from './chromium.ts';
import { checkConsumer, checkTarball, installInto, pack, withTemporaryDirectory } from './package-checks.ts';
import { ensureRedisServer } from './redis-server.ts';
import { run } from './run.ts';
import { checkStarter, installStarter } from './starter/checks.ts';

const OLDEST_MAJOR = 22;

/** The tests that run again with the other way of decoding: those about bytes, and about reading them late. */
const DECODING_TESTS = [
  'test/actors',
  'test/connection',
  'test/decoding',
  'test/shard',
  'test/behaviours/hostile.test.ts',
  'test/behaviours/slow-consumers.test.ts',
];

async function step(title: string, work: () => Promise<unknown>): Promise<void> {
  console.log(styleText('bold', `\n── ${title}`));
  const startedAt = performance.now();
  const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    throw new Error(`failed after ${seconds()}: ${title}`, { cause: error });
  }
  console.log(styleText('green', `   ${title.split(':')[0]}: done in ${seconds()}`));
}

async function testEverything(): Promise<void> {
  const startedAt = performance.now();
  console.log(`Node ${process.version}`);
  if (Number.parseInt(process.versions.node, 10) < OLDEST_MAJOR)
    throw new Error('run this with `npm test`, which uses its own Node');

  await step('Format: every file is as `npm run format` leaves it', () => run('oxfmt', ['--check']));
  const lint = step('Lint: style, promises, and the import rules', () =>
    run('oxlint', ['--type-aware', '--deny-warnings'], { capture: true }),
  );
  const types = step(
    'Types: sources, tests, scripts and examples; the page of the inspector; the site; the starter',
    async () => {
      await run('tsc', ['-p', 'tsconfig.json']);
      await run('tsc', ['-p', 'src/inspect/page']);
      await run('tsc', ['-p', 'site']);
      await run('tsc', ['-p', 'create-shardwright']);
      await run('tsc', ['-p', 'create-shardwright/templates/typescript']);
    },
  );
  await Promise.all([lint, types]);
  await step('Build: JavaScript and declarations into an empty dist', () => run('node', ['scripts/build.ts']));
  // Beside what installs and starts programs, which waits a lot.
  const site = step('Site: the documentation and the API reference, with every link checked', () =>
    run('node', ['site/build.ts'], { capture: true }),
  );
  const packed = withTemporaryDirectory(async (directory) => {
    let tarball = '';
    await step('Package: the tarball has all files that it names', async () => {
      tarball = await pack(directory);
      await checkTarball(tarball);
    });
    const project = `${directory}/consumer`;
    await step('Install: the package into an empty project', () => installInto(project, tarball));
    await step('Use: by import, by require, by types and by its command; the links of its pages', () =>
      checkConsumer(project),
    );
    await step('Matrix: Node, Bun and Deno through every fault, and bots out of bundles, as docs say', () =>
      run('node', ['scripts/matrix.ts', '--check', '--quick', '--tarball', tarball]),
    );
    await step('Starter: each bot of `npm create shardwright` passes its test, runs, resumes and stops', async () => {
      await installStarter(directory, tarball);
      await checkStarter(directory);
    });
  });
  await Promise.all([packed, site]);
  await step('Browser: Chromium, for the inspector', ensureChromium);
  await step('Server: Redis, for the cluster', ensureRedisServer);
  await step('Tests: behaviour, machines, fake gateway, package', () => run('vitest', ['run']));
  await step('Tests of decoding again, with the streams of node:zlib instead of its handle', () =>
    run('vitest', ['run', ...DECODING_TESTS], { env: { SHARDWRIGHT_CODEC: 'stream' } }),
  );
  // A number of cases, not of minutes: every machine runs the same ones.
  await step('Fuzz: mutated frames, in every compression, with and without threads', () =>
    run('node', ['scripts/fuzz.ts', '--cases', '120', '--seed', '1']),
  );
  console.log(
    styleText(['green', 'bold'], `\nAll checks passed after ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`),
  );
}

try {
  await testEverything();
} catch (error) {
  console.error(styleText('red', `\n${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = 1;
}
