/**
 * Proves, on the Node that runs, that the native handles behave as `SyncInflater` expects: a known stream of two
 * messages in one context, the second larger than the scratch buffer, has to give the known answer, and what is no
 * stream an error.
 */
import { deflateSync } from 'node:zlib';
import { SyncInflater } from './inflater.ts';
import { NativeInflater, borrowScratch, returnScratch } from './native-inflater.ts';
import type { StreamKind } from './native-inflater.ts';

const ANSWERS = [
  '{"op":10,"d":{"heartbeat_interval":41250}}',
  `{"op":0,"t":"KNOWN_ANSWER","d":"${'shard'.repeat(60_000)}"}`,
] as const;

/** `ANSWERS`, compressed with a flush after each, in base64. */
const STREAMS: Readonly<Record<StreamKind, readonly [string, string]>> = {
  zlib: [
    'eNqqVsovULIyNNBRSlGyqlbKSE0sKklKTSyJz8wrSS0qS8xRsjIxNDI1qK0FAAAA//8=',
    `7MshCoBQFADBu7xsMNsMJuEJGn4UwWBWm3h34R9DpkzafWrZNnFHF2NOJdc+lzLMUd+4ju3cAQ${'A'.repeat(578)}gJ8Q7wcAAP//`,
  ],
  zstd: [
    'KLUv/QBYUAEAeyJvcCI6MTAsImQiOnsiaGVhcnRiZWF0X2ludGVydmFsIjo0MTI1MH19',
    'PAEA0DAsInQiOiJLTk9XTl9BTlNXRVIiInNoYXJkAwDY/yi5+EpwGxQQTAAACHMBAPz/ORACXAAAGGEifQEA/BMdCAE=',
  ],
};

/** A block of a kind that neither format has. */
const NO_BLOCK = Buffer.alloc(8, 0xff);

const MAX_BYTES = 1024 * 1024;

/** What is inflated so: a stream of either kind, or payloads one by one. */
type Inflated = StreamKind | 'payload';

const verdicts = new Map<Inflated, boolean>();

/** What a fresh context makes of the known bytes. */
function streamAnswers(kind: StreamKind): string[] {
  const given: string[] = [];
  const sink = { output: (bytes: Buffer) => given.push(bytes.toString()), failed: () => given.push('failed') };
  const inflater = new SyncInflater(kind, sink, MAX_BYTES);
  for (const part of STREAMS[kind]) inflater.write(Buffer.from(part, 'base64'), true);
  inflater.write(NO_BLOCK, true);
  inflater.close();
  return given;
}

/** Whole streams, one after the other in one context, and one that is cut off. */
function payloadAnswers(): string[] {
  const inflater = new NativeInflater('zlib');
  const scratch = borrowScratch();
  const inflate = (input: Buffer): string => inflater.inflateWhole(input, scratch, MAX_BYTES).toString();
  const given = ANSWERS.map((text) => inflate(deflateSync(text)));
  try {
    inflate(deflateSync(ANSWERS[0]).subarray(0, -4));
  } catch {
    given.push('failed');
  }
  returnScratch(scratch);
  inflater.close();
  return given;
}

function answersAsKnown(what: Inflated): boolean {
  const expected = [...ANSWERS, 'failed'];
  try {
    const given = what === 'payload' ? payloadAnswers() : streamAnswers(what);
    return given.length === expected.length && given.every((text, index) => text === expected[index]);
  } catch {
    return false;
  }
}

/** Whether the native handle can be trusted here; found out once. */
export function syncInflaterWorks(what: Inflated): boolean {
  let verdict = verdicts.get(what);
  if (verdict === undefined) {
    verdict = answersAsKnown(what);
    verdicts.set(what, verdict);
  }
  return verdict;
}
