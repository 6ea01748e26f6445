/**
 * Checks that the native handles of the running Node behave as `SyncInflater` expects, because they are not public API.
 * A known stream of two messages in one context, the second larger than the scratch buffer, must give the known output.
 * An invalid stream must give an error.
 */
import { deflateSync } from 'node:zlib';
import { SyncInflater } from './inflater.ts';
import { NativeInflater, acquireScratch, releaseScratch } from './native-inflater.ts';
import type { StreamKind } from './native-inflater.ts';

const EXPECTED_OUTPUT = [
  '{"op":10,"d":{"heartbeat_interval":41250}}',
  `{"op":0,"t":"KNOWN_ANSWER","d":"${'shard'.repeat(60_000)}"}`,
] as const;

/** `EXPECTED_OUTPUT`, compressed with a flush after each message, in base64. */
const COMPRESSED_SAMPLES: Readonly<Record<StreamKind, readonly [string, string]>> = {
  zlib: [
    'eNqqVsovULIyNNBRSlGyqlbKSE0sKklKTSyJz8wrSS0qS8xRsjIxNDI1qK0FAAAA//8=',
    `7MshCoBQFADBu7xsMNsMJuEJGn4UwWBWm3h34R9DpkzafWrZNnFHF2NOJdc+lzLMUd+4ju3cAQ${'A'.repeat(578)}gJ8Q7wcAAP//`,
  ],
  zstd: [
    'KLUv/QBYUAEAeyJvcCI6MTAsImQiOnsiaGVhcnRiZWF0X2ludGVydmFsIjo0MTI1MH19',
    'PAEA0DAsInQiOiJLTk9XTl9BTlNXRVIiInNoYXJkAwDY/yi5+EpwGxQQTAAACHMBAPz/ORACXAAAGGEifQEA/BMdCAE=',
  ],
};

/** A block type that neither format has. */
const INVALID_BLOCK = Buffer.alloc(8, 0xff);

const MAX_BYTES = 1024 * 1024;

/** A compressed stream of either kind, or payloads one by one. */
type CompressedFormat = StreamKind | 'payload';

const trustByFormat = new Map<CompressedFormat, boolean>();

/** Returns what a fresh context inflates from the known bytes. */
function inflateStreamSample(kind: StreamKind): string[] {
  const outputs: string[] = [];
  const sink = { output: (bytes: Buffer) => outputs.push(bytes.toString()), failed: () => outputs.push('failed') };
  const inflater = new SyncInflater(kind, sink, MAX_BYTES);
  for (const part of COMPRESSED_SAMPLES[kind]) inflater.write(Buffer.from(part, 'base64'), true);
  inflater.write(INVALID_BLOCK, true);
  inflater.close();
  return outputs;
}

/** Inflates complete streams one after the other in one context, and one that is cut off. */
function inflatePayloadSamples(): string[] {
  const inflater = new NativeInflater('zlib');
  const scratch = acquireScratch();
  const inflate = (input: Buffer): string => inflater.inflateWhole(input, scratch, MAX_BYTES).toString();
  const outputs = EXPECTED_OUTPUT.map((text) => inflate(deflateSync(text)));
  try {
    inflate(deflateSync(EXPECTED_OUTPUT[0]).subarray(0, -4));
  } catch {
    outputs.push('failed');
  }
  releaseScratch(scratch);
  inflater.close();
  return outputs;
}

function passesSelfTest(format: CompressedFormat): boolean {
  const expected = [...EXPECTED_OUTPUT, 'failed'];
  try {
    const outputs = format === 'payload' ? inflatePayloadSamples() : inflateStreamSample(format);
    return outputs.length === expected.length && outputs.every((text, index) => text === expected[index]);
  } catch {
    return false;
  }
}

/** Returns whether the native handle works on this Node. Runs the self-test at the first call. */
export function isSyncInflateTrusted(format: CompressedFormat): boolean {
  let isTrusted = trustByFormat.get(format);
  if (isTrusted === undefined) {
    isTrusted = passesSelfTest(format);
    trustByFormat.set(format, isTrusted);
  }
  return isTrusted;
}
