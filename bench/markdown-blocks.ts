/** Text between `<!-- bench:name -->` and `<!-- /bench -->` belongs to the bench. */
const BLOCK = /(<!-- bench:([\w-]+) -->\n)[\s\S]*?(<!-- \/bench -->)/g;

/** @throws for a name that there is no block of */
export const replaceBlocks = (text: string, blocks: (name: string) => string | undefined): string =>
  text.replaceAll(BLOCK, (_whole, begin: string, name: string, end: string) => {
    const content = blocks(name);
    if (content === undefined) throw new Error(`there is no block named ${name}`);
    return `${begin}${content}\n${end}`;
  });

export const blockNamesIn = (text: string): string[] => [...text.matchAll(BLOCK)].map(([, , name = '']) => name);
