/** `npm run bench:report`: writes the tables of the published results into docs/performance.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { DOCUMENT, LATEST, documentWith, readResults } from './report.ts';

const results = readResults(LATEST);
writeFileSync(DOCUMENT, documentWith(readFileSync(DOCUMENT, 'utf8'), results));
process.stdout.write(`wrote the figures of ${results.machine.date} into docs/performance.md\n`);
