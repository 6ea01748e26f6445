/** `npm run bench:report`: writes the figures of the published results into the documents that show them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { DOCUMENTS, LATEST, documentWith, readResults } from './report.ts';

const results = readResults(LATEST);
for (const file of DOCUMENTS) writeFileSync(file, documentWith(readFileSync(file, 'utf8'), results));
process.stdout.write(`wrote the figures of ${results.machine.date} into ${DOCUMENTS.length} documents\n`);
