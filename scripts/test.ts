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

/** Waits for all, so that nothing runs any more when the first error is thrown. */
async function together(...steps: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(steps);
  await Promise.all(steps);
}

async function testPackage(directory: string): Promise<void> {
  let tarball = '';
  await step('Package: the tarball has all files that it names', async () => {
    tarball = await pack(directory);
    await checkTarball(tarball);
  });
  const project = `${directory}/consumer`;
  await together(
    step(
      'Use: installed in an empty project, by import, require, types and its command; the links of its pages',
      async () => {
        await installInto(project, tarball);
        await checkConsumer(project);
      },
    ),
    step('Matrix: Node, Bun and Deno through every fault, and bots out of bundles, as docs say', () =>
      run('node', ['scripts/matrix.ts', '--check', '--quick', '--tarball', tarball]),
    ),
    step('Starter: each bot of `npm create shardwright` passes its test, runs, resumes and stops', async () => {
      await installStarter(directory, tarball);
      await checkStarter(directory);
    }),
  );
}

async function testBuild(): Promise<void> {
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
  await together(lint, types);
  await step('Build: JavaScript and declarations into an empty dist', () => run('node', ['scripts/build.ts']));
  // What installs and starts programs waits a lot.
  await together(
    step('Site: the documentation and the API reference, with every link checked', () =>
      run('node', ['site/build.ts'], { capture: true }),
    ),
    withTemporaryDirectory(testPackage),
  );
}

async function testEverything(): Promise<void> {
  const startedAt = performance.now();
  console.log(`Node ${process.version}`);
  if (Number.parseInt(process.versions.node, 10) < OLDEST_MAJOR)
    throw new Error('run this with `npm test`, which uses its own Node');

  await step('Format: every file is as `npm run format` leaves it', () => run('oxfmt', ['--check']));
  await together(
    step('Programs: Chromium, for the inspector, and Redis, for the cluster', async () => {
      await ensureChromium();
      await ensureRedisServer();
    }),
    testBuild(),
  );
  await step('Tests: behaviour, machines, fake gateway, package', () => run('vitest', ['run']));
  await together(
    step('Tests of decoding again, with the streams of node:zlib instead of its handle', () =>
      run('vitest', ['run', ...DECODING_TESTS], { env: { SHARDWRIGHT_CODEC: 'stream' } }),
    ),
    // A number of cases, not of minutes: every machine runs the same ones.
    step('Fuzz: mutated frames, in every compression, with and without threads', () =>
      run('node', ['scripts/fuzz.ts', '--cases', '120', '--seed', '1']),
    ),
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
