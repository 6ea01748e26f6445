/**
 * The files of the page. Built, they are JavaScript; run from the sources, types are stripped on the way out, so that
 * there is no build step while working on them.
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

/** A file of the page, at most one folder deep. No path can lead out of it. */
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

/** What lies at a path; `null` when there is nothing. */
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
