/** `npm run bench:report`: writes the figures of all runs into README.md, docs/performance.md and docs/cluster.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { CLUSTER_DOCUMENT, clusterDocumentWith } from './cluster/document.ts';
import { publishedResults } from './cluster/results.ts';
import { DOCUMENTS, documentWith, readRuns } from './report.ts';

const runs = readRuns();
for (const document of DOCUMENTS) {
  writeFileSync(document, documentWith(readFileSync(document, 'utf8'), runs));
  process.stdout.write(`wrote the figures of ${runs.length} runs into ${basename(document)}\n`);
}

const cluster = publishedResults();
writeFileSync(CLUSTER_DOCUMENT, clusterDocumentWith(readFileSync(CLUSTER_DOCUMENT, 'utf8'), cluster));
process.stdout.write(
  cluster === null
    ? 'there are no figures for docs/cluster.md: npm run bench:cluster makes them\n'
    : `wrote the figures of ${cluster.machine.date} into docs/cluster.md\n`,
);
