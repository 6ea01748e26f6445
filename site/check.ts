/** What a built site must not have: links or anchors that lead nowhere, and anything that is loaded from another host. */
import { readFile, readdir } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';

/** Elements that load their `src` or `href` when the page opens. A link that a reader follows is not among them. */
const LOADS = /<(?:script|img|iframe|link|source|video|audio|object|embed|use|image)\b[^>]*>/g;
const LOADED = /\s(?:src|href|srcset|data|poster|xlink:href)="([^"]+)"/g;
const FOLLOWS = /<a\b[^>]*?\shref="([^"]*)"/g;
const IDS = /\s(?:id|name)="([^"]+)"/g;
const CSS_LOADS = /(?:url\(\s*['"]?|@import\s+['"])(?:https?:)?\/\/[^)'"\s]*/g;
/** Addresses which scripts name and never load. */
const JS_LOADS = /(?:import\(|import|from|fetch\(|new URL\(|new Worker\(|\.src=)\s*['"`]https?:\/\/[^'"`]*/g;

const unescape = (text: string): string =>
  text.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"');
const isElsewhere = (address: string): boolean => /^(https?:)?\/\//.test(address);

/** Each problem as a sentence. */
export async function problemsOf(directory: string, base: string): Promise<string[]> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(posix.relative(directory, entry.parentPath), entry.name));
  const known = new Set(files);
  const texts = new Map<string, string>();
  for (const file of files)
    if (['.html', '.css', '.js', '.svg'].includes(extname(file)))
      texts.set(file, await readFile(join(directory, file), 'utf8'));
  const ids = new Map(
    [...texts].map(([file, text]) => [file, new Set([...text.matchAll(IDS)].map(([, id = '']) => unescape(id)))]),
  );

  const problems = new Set<string>();
  const follow = (from: string, address: string): void => {
    if (isElsewhere(address) || /^(mailto|data|javascript):/.test(address)) return;
    const { pathname, hash } = new URL(address, `http://site${base}${from}`);
    const path = decodeURIComponent(pathname).slice(base.length);
    const to = path === '' || path.endsWith('/') ? `${path}index.html` : path;
    const found = [to, `${to}.html`].find((name) => known.has(name));
    if (found === undefined || !decodeURIComponent(pathname).startsWith(base))
      problems.add(`${from} links to ${address}, which is not there`);
    else if (hash !== '' && ids.get(found)?.has(decodeURIComponent(hash.slice(1))) === false)
      problems.add(`${from} links to ${address}: that page has no such heading`);
  };
  for (const [file, text] of texts) {
    const extension = extname(file);
    if (extension === '.html' || extension === '.svg') {
      for (const [element] of text.matchAll(LOADS)) {
        for (const [, value = ''] of element.matchAll(LOADED)) {
          if (isElsewhere(unescape(value))) problems.add(`${file} loads ${value}`);
          else if (extension === '.html') follow(file, unescape(value));
        }
      }
      for (const [, value = ''] of text.matchAll(FOLLOWS)) follow(file, unescape(value));
    }
    for (const [load] of text.matchAll(CSS_LOADS)) if (extension !== '.js') problems.add(`${file} loads ${load}`);
    for (const [load] of text.matchAll(JS_LOADS)) if (extension === '.js') problems.add(`${file} loads ${load}`);
  }
  return [...problems].toSorted();
}
