/** Checks this machine: the version of Node, and the decoders it supports. */
import * as zlib from 'node:zlib';
import { isSyncInflateTrusted } from '../../decoding/sync-inflater-self-test.ts';
import type { Check } from './check.ts';
import { failed, ok, warning } from './check.ts';

const MIN_NODE: readonly [major: number, minor: number] = [22, 15];

export function nodeCheck(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const figures = { version };
  return major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])
    ? ok('Node', version, figures)
    : failed('Node', version, `Install Node ${MIN_NODE.join('.')} or later.`, figures);
}

interface Codecs {
  readonly zstd: boolean;
  /** Whether synchronous decoding works on this Node. */
  readonly native: boolean;
}

const codecs = (): Codecs => ({ zstd: 'createZstdDecompress' in zlib, native: isSyncInflateTrusted('zlib') });

export function compressionCheck({ zstd, native }: Codecs = codecs()): Check {
  const kinds = zstd ? 'zlib-stream and zstd-stream' : 'zlib-stream, but not zstd-stream';
  const found = `${kinds}${native ? '' : ', with the slower decoder'}`;
  if (zstd && native) return ok('Compression', found, { zstd, native });
  const advice =
    'Your bot works without it. For full speed, use a Node that shardwright is tested with: 22.15 or later, or 24.';
  return warning('Compression', found, advice, { zstd, native });
}
