/** Checks of this machine: its Node, and how what Discord sends can be decoded on it. */
import * as zlib from 'node:zlib';
import { syncInflaterWorks } from '../../actors/sync-inflater-check.ts';
import type { Check } from './check.ts';
import { failed, ok, warning } from './check.ts';

const LEAST: readonly [major: number, minor: number] = [22, 15];

export function nodeCheck(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const figures = { version };
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])
    ? ok('Node', version, figures)
    : failed('Node', version, `Install Node ${LEAST.join('.')} or later.`, figures);
}

interface Codecs {
  readonly zstd: boolean;
  /** Whether the fast way into zlib can be trusted on this Node. */
  readonly native: boolean;
}

const codecs = (): Codecs => ({ zstd: 'createZstdDecompress' in zlib, native: syncInflaterWorks('zlib') });

export function compressionCheck({ zstd, native }: Codecs = codecs()): Check {
  const kinds = zstd ? 'zlib-stream and zstd-stream' : 'zlib-stream, but no zstd-stream';
  const found = `${kinds}${native ? '' : ', by the slower way'}`;
  if (zstd && native) return ok('Compression', found, { zstd, native });
  const advice = 'Nothing is lost by it; use a Node that shardwright is tested with (22.15 or later, 24) for the rest.';
  return warning('Compression', found, advice, { zstd, native });
}
