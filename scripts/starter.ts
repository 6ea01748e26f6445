/** `npm run starter`: builds and packs both packages, and tries every project that `create-shardwright` creates. */
import { pack, withTemporaryDirectory } from './package-checks.ts';
import { run } from './run.ts';
import { checkStarter, installStarter } from './starter/checks.ts';

await run('node', ['scripts/build.ts']);
await withTemporaryDirectory(async (directory) => {
  await installStarter(directory, await pack(directory));
  await checkStarter(directory);
});
