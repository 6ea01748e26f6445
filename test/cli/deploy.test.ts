/** The files of examples/deploy, as far as they can be checked without Docker, Kubernetes and systemd. */
import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { HINTS_BY_GROUP } from '../../src/protocol/errors.ts';

const DEPLOY = new URL('../../examples/deploy/', import.meta.url);
const read = (file: string): Promise<string> => readFile(new URL(file, DEPLOY), 'utf8');

describe('the files of examples/deploy', () => {
  test('are shown in docs/guides/operations.md as they are', async () => {
    const page = await readFile(new URL('../../docs/guides/operations.md', import.meta.url), 'utf8');
    const files = (await readdir(DEPLOY)).filter((file) => file !== 'cluster').toSorted();
    expect(files).toEqual(['Dockerfile', 'bot.mjs', 'bot.service', 'compose.yaml', 'kubernetes.yaml']);
    for (const file of files) expect(page).toContain(`\n${await read(file)}\`\`\`\n`);
  });

  test('are valid YAML, and probe what the bot serves', async () => {
    const [compose] = parseAllDocuments(await read('compose.yaml')).map((document) => document.toJS() as unknown);
    expect(compose).toMatchObject({ services: { bot: { restart: 'on-failure:5', init: true } } });
    const documents = parseAllDocuments(await read('kubernetes.yaml'));
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const [deployment, claim] = documents.map((document) => document.toJS() as unknown);
    const container = {
      livenessProbe: { httpGet: { path: '/healthz', port: 'status' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'status' } },
      ports: [{ name: 'status', containerPort: 8080 }],
    };
    expect(deployment).toMatchObject({
      kind: 'Deployment',
      spec: { strategy: { type: 'Recreate' }, template: { spec: { containers: [container] } } },
    });
    expect(claim).toMatchObject({ kind: 'PersistentVolumeClaim', metadata: { name: 'bot-sessions' } });
  });

  test('name every code that needs a person, and no other', async () => {
    const listedIn = async (file: string): Promise<(string | undefined)[]> =>
      [...(await read(file)).matchAll(/^ {2}'([A-Z_]+)',$/gm)].map(([, code]) => code);
    const { SESSION_IN_USE: _, ...ofNode } = HINTS_BY_GROUP['Errors that stop the shard'];
    // Without an engine there is none that can be wrong.
    const { ENGINE_INVALID: __, ...ofBot } = ofNode;
    expect(await listedIn('bot.mjs')).toEqual([...Object.keys(ofBot), 'INVALID_OPTIONS'].toSorted());
    expect(await listedIn('cluster/node.mjs')).toEqual([...Object.keys(ofNode), 'INVALID_OPTIONS'].toSorted());
    expect(await read('bot.service')).toContain('RestartPreventExitStatus=78\n');
  });

  test('of a cluster are shown in docs/cluster.md as they are, and replace one node after another', async () => {
    const page = await readFile(new URL('../../docs/cluster.md', import.meta.url), 'utf8');
    for (const file of ['kubernetes.yaml', 'compose.yaml'])
      expect(page).toContain(`\n${await read(`cluster/${file}`)}\`\`\`\n`);
    const [compose] = parseAllDocuments(await read('cluster/compose.yaml')).map(
      (document) => document.toJS() as unknown,
    );
    expect(compose).toMatchObject({ services: { node: { deploy: { replicas: 3 }, stop_grace_period: '30s' } } });
    const documents = parseAllDocuments(await read('cluster/kubernetes.yaml'));
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const [deployment, budget] = documents.map((document) => document.toJS() as unknown);
    const container = {
      livenessProbe: { httpGet: { path: '/healthz', port: 'status' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'status' } },
      ports: [{ name: 'status', containerPort: 8080 }],
    };
    expect(deployment).toMatchObject({
      kind: 'Deployment',
      spec: {
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: { spec: { terminationGracePeriodSeconds: 30, containers: [container] } },
      },
    });
    expect(budget).toMatchObject({ kind: 'PodDisruptionBudget', spec: { maxUnavailable: 1 } });
  });
});
