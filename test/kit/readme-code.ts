/** The code of README, ready to run from the sources. */
const entry = (path: string): string =>
  `'${new URL(`../../src/${path === '' ? '' : `${path}/`}index.ts`, import.meta.url).href}'`;

/** Returns the code with the package's entries replaced by their sources. */
export const toSources = (code: string): string =>
  code.replaceAll("'shardwright'", entry('')).replaceAll(/'shardwright\/(\w+)'/g, (_, path: string) => entry(path));

/** Returns the first code block under a heading, with the package's entries replaced by their sources. */
export function readmeCode(readme: string, heading: string): string {
  const section = readme.slice(readme.indexOf(`\n## ${heading}\n`));
  return toSources(/```[jt]s\n([\s\S]*?)```/.exec(section)?.[1] ?? '');
}
