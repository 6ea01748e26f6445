/** The page that lists the rules must agree with the table in the code. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ORACLE_RULES } from '../../../src/testing/index.ts';

test('docs/fake-gateway.md lists exactly the rules of the oracle, each with its demand and its page', () => {
  const page = readFileSync(new URL('../../../docs/fake-gateway.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| \[`([a-z-]+)`\]\((.+?)\) \| (.+?) \|$/gm)].map(([, rule, link, demands]) => ({
    rule,
    link,
    demands,
  }));

  expect(rows).toEqual(Object.entries(ORACLE_RULES).map(([rule, { link, demands }]) => ({ rule, link, demands })));
});

test('every rule of the oracle links a page of Discord’s documentation', () => {
  const links = Object.values(ORACLE_RULES).map(({ link }) => link);

  expect(links.filter((link) => !/^https:\/\/discord\.com\/developers\/docs\/[a-z/-]+#[a-z-]+$/.test(link))).toEqual(
    [],
  );
});
