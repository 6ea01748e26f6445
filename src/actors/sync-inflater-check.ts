/**
 * Proves, on the Node that runs, that the native handles behave as `SyncInflater` expects: a known stream of two
 * messages in one context, the second larger than the scratch buffer, has to give the known answer, and what is no
 * stream an error.
 */
import { SyncInflater } from './inflater.ts';
import type { StreamKind } from './inflater.ts';

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

const verdicts = new Map<StreamKind, boolean>();

function answersAsKnown(kind: StreamKind): boolean {
  const expected = [...ANSWERS, 'failed'];
  const given: string[] = [];
  try {
    const inflater = new SyncInflater(
      kind,
      { output: (bytes) => given.push(bytes.toString()), failed: () => given.push('failed') },
      1024 * 1024,
    );
    for (const part of STREAMS[kind]) inflater.write(Buffer.from(part, 'base64'), true);
    inflater.write(NO_BLOCK, true);
    inflater.close();
  } catch {
    return false;
  }
  return given.length === expected.length && given.every((text, index) => text === expected[index]);
}

/** Whether {@link SyncInflater} can be trusted here; found out once. */
export function syncInflaterWorks(kind: StreamKind): boolean {
  let verdict = verdicts.get(kind);
  if (verdict === undefined) {
    verdict = answersAsKnown(kind);
    verdicts.set(kind, verdict);
  }
  return verdict;
}
