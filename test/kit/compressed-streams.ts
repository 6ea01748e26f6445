/** Realistic messages of a gateway, and their compressed streams. */
import { once } from 'node:events';
import { constants, createDeflate, createZstdCompress } from 'node:zlib';

export type StreamKind = 'zlib' | 'zstd';

const words = ['guild', 'wait', 'été', 'raid', '日本', 'ok', 'lol', '🎉', 'shard', 'hello'];

/** Yields the same numbers in each run, random enough to compress like text. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state;
  }
}

function text(random: Generator<number, never>, length: number): string {
  const parts: string[] = [];
  for (let size = 0; size < length;) {
    const number = random.next().value;
    const part = number % 3 === 0 ? String(number) : (words[(number >> 8) % words.length] ?? '');
    parts.push(part);
    size += part.length + 1;
  }
  return parts.join(' ');
}

const dispatch = (t: string, s: number, d: unknown): string => JSON.stringify({ t, s, op: 0, d });

const GUILD_CREATE_CHARS = 300_000;

/** Returns `count` messages of a connection: HELLO, then a mix in which some have 300 kB. */
export function realisticMessages(count: number, seed = 1): string[] {
  const random = numbers(seed);
  const messages = ['{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}'];
  for (let s = 1; s < count; s += 1) {
    const number = random.next().value;
    if (s % 40 === 2)
      messages.push(dispatch('GUILD_CREATE', s, { id: String(number), name: text(random, GUILD_CREATE_CHARS) }));
    else if (number % 7 === 0) messages.push('{"t":null,"s":null,"op":11,"d":null}');
    else if (number % 3 === 0) messages.push(dispatch('TYPING_START', s, { user_id: String(number), timestamp: s }));
    else
      messages.push(
        dispatch('MESSAGE_CREATE', s, {
          content: text(random, 200 + (number % 1_500)),
          mentions: [{ quote: '\\"}{[' }],
        }),
      );
  }
  return messages;
}

/** Compresses messages in the one context of a connection, with a flush after each, as Discord does. */
export async function compress(kind: StreamKind, messages: readonly string[]): Promise<Buffer[]> {
  const stream = kind === 'zlib' ? createDeflate() : createZstdCompress();
  const flushKind = kind === 'zlib' ? constants.Z_SYNC_FLUSH : constants.ZSTD_e_flush;
  let chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const frames: Buffer[] = [];
  for (const message of messages) {
    stream.write(message);
    await new Promise<void>((resolve) => stream.flush(flushKind, resolve));
    // The flushed bytes may reach the listener in a later turn.
    await new Promise((resolve) => void setImmediate(resolve));
    frames.push(Buffer.concat(chunks));
    chunks = [];
  }
  stream.destroy();
  await once(stream, 'close');
  return frames;
}
