/**
 * Loads the files of the page. In a build they are JavaScript. From the sources, types are stripped here, so that you
 * can work on the page without a build step.
 */
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';

export interface Asset {
  readonly type: string;
  readonly body: string;
}

const FROM_SOURCE = import.meta.url.endsWith('.ts');
const PAGE = new URL('./page/', import.meta.url);
const CHARTS = new URL(FROM_SOURCE ? '../../docs/charts/' : '../../../docs/charts/', import.meta.url);

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
  if (page !== undefined) return new URL(page, PAGE);
  const [, chart] = CHART_FILE.exec(path) ?? [];
  return chart === undefined ? null : new URL(chart, CHARTS);
}

async function load(url: URL): Promise<Asset> {
  const ending = url.pathname.slice(url.pathname.lastIndexOf('.') + 1);
  const text = await readFile(url, 'utf8');
  const body =
    ending === 'ts'
      ? stripTypeScriptTypes(text)
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
