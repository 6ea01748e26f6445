/**
 * Loads the files of the page. In a build they are JavaScript. From the sources, types are stripped here, so that you
 * can work on the page without a build step.
 */
import { readFile } from 'node:fs/promises';
import { GatewayError } from '../protocol/errors.ts';

export interface Asset {
  readonly type: string;
  readonly body: string;
}

/** `undefined` in a bundle in CommonJS format, where some bundlers leave `import.meta` empty. */
const OWN_URL = import.meta.url as string | undefined;
const FROM_SOURCE = OWN_URL?.endsWith('.ts') ?? false;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
};

/** A file of the page, at most one folder deep. No path can lead out of the page's folder. */
const PAGE_FILE = /^\/((?:[a-z]+\/)?[a-z][a-z0-9-]*\.(?:html|css|js|ts))$/;
const CHART_FILE = /^\/charts\/([a-z][a-z0-9-]*\.svg)$/;

const cache = new Map<string, Promise<Asset>>();

function locate(path: string): URL | null {
  const [, page] = PAGE_FILE.exec(path === '/' ? '/index.html' : path) ?? [];
  if (page !== undefined) return URL.parse(`./page/${page}`, OWN_URL);
  const [, chart] = CHART_FILE.exec(path) ?? [];
  return chart === undefined
    ? null
    : URL.parse(`${FROM_SOURCE ? '../../docs/charts/' : '../../../docs/charts/'}${chart}`, OWN_URL);
}

/** Imported here, because only the sources need it and not every runtime has it. */
async function stripTypes(text: string): Promise<string> {
  const { stripTypeScriptTypes } = await import('node:module');
  return stripTypeScriptTypes(text);
}

async function load(url: URL): Promise<Asset> {
  const ending = url.pathname.slice(url.pathname.lastIndexOf('.') + 1);
  const text = await readFile(url, 'utf8');
  const body =
    ending === 'ts'
      ? await stripTypes(text)
      : ending === 'html' && !FROM_SOURCE
        ? text.replaceAll('.ts"', '.js"')
        : text;
  return { type: TYPES[ending] ?? 'application/octet-stream', body };
}

/** Returns the asset at a path, or `null` when there is none. */
export async function assetAt(path: string): Promise<Asset | null> {
  const url = locate(path);
  if (url === null) return null;
  let asset = cache.get(url.href);
  if (asset === undefined) {
    asset = load(url);
    cache.set(url.href, asset);
  }
  try {
    return await asset;
  } catch {
    cache.delete(url.href);
    return null;
  }
}

/** @throws {@link GatewayError} `PAGE_NOT_FOUND` where the files do not lie beside this one, as in a bundle. */
export async function assertPageFound(): Promise<void> {
  if ((await assetAt('/')) === null)
    throw new GatewayError('PAGE_NOT_FOUND', "the files of the inspector's page do not lie beside its code");
}
