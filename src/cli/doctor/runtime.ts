/** Checks this machine: the version of Node, and the decoders it supports. */
import * as zlib from 'node:zlib';
import { isSyncInflateTrusted } from '../../decoding/sync-inflater-self-test.ts';
import { nodeAdvice } from '../../protocol/node-version.ts';
import type { Check } from './check.ts';
import { failed, ok, warning } from './check.ts';

export function nodeCheck(version: string = process.versions.node): Check {
  const advice = nodeAdvice(version);
  const figures = { version };
  return advice === null ? ok('Node', version, figures) : failed('Node', version, advice, figures);
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
