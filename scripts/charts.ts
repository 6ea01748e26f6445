/** `npm run charts`: draws the machines of `machines/` into `docs/charts/`. A test checks that the files are up to date. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { draw, fileOf } from './charts/draw.ts';
import { MACHINES } from './charts/machines.ts';
import { ROOT } from './run.ts';

for (const drawn of MACHINES) {
  const file = fileOf(drawn);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await draw(drawn));
  console.log(`${drawn.machine.id} → ${relative(ROOT, file)}`);
}
