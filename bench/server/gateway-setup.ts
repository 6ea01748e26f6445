/** The setup of the gateway, and its recordings. Recordings are cached, because each takes seconds to make. */
import { createHash } from 'node:crypto';
import { DEFAULT_MIX, mix } from '../mix.ts';
import type { Message, MixName } from '../mix.ts';
import { recordPiece, recordStream } from './recording.ts';
import type { Recording, Transport } from './recording.ts';
import { ACK_TEXT, helloText, readyText } from './packets.ts';

export interface GatewaySetup {
  /** `live` answers the client; `recorded` replays a recording. */
  readonly mode: 'live' | 'recorded';
  readonly transport: Transport;
  readonly shards: number;
  readonly heartbeatIntervalMs: number;
  /** The time from the upgrade to HELLO, for a client that misses HELLO right after the upgrade. */
  readonly helloAfterMs: number;
  /** The number of events in the warm-up and in the measured part; 0 for `live`. */
  readonly warmup: number;
  readonly measured: number;
  readonly seed: number;
  /** Default `usual`. */
  readonly mix?: MixName;
  /** Whether the connections of earlier setups stay open. Default false. */
  readonly joins?: boolean;
}

export interface Recordings {
  readonly recording: Recording;
  readonly ack: Buffer;
  readonly messages: readonly Message[];
}

/** HELLO and READY, which come before the events. */
export const HANDSHAKE_FRAMES = 2;

const cacheKey = ({
  transport,
  heartbeatIntervalMs,
  warmup,
  measured,
  seed,
  mix: name = DEFAULT_MIX,
}: GatewaySetup): string => [transport, heartbeatIntervalMs, warmup, measured, seed, name].join(' ');

export class RecordingsCache {
  readonly #url: string;
  readonly #cache = new Map<string, Recordings>();
  #messages: { key: string; value: readonly Message[] } | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async get(setup: GatewaySetup): Promise<Recordings> {
    const key = cacheKey(setup);
    const recordings = this.#cache.get(key) ?? (await this.#create(setup));
    this.#cache.set(key, recordings);
    return recordings;
  }

  async #create(setup: GatewaySetup): Promise<Recordings> {
    const messages = this.#mix(setup);
    const texts = [
      helloText(setup.heartbeatIntervalMs),
      readyText('recorded', this.#url, [0, 1]),
      ...messages.map(({ text }) => text),
    ];
    // After READY and after the last event, so that all events can be replayed in a loop.
    const cuts = new Set([HANDSHAKE_FRAMES - 1, texts.length - 1]);
    const [recording, ack] = await Promise.all([
      recordStream(setup.transport, texts, cuts),
      recordPiece(setup.transport, ACK_TEXT),
    ]);
    return { recording, ack, messages };
  }

  #mix({ warmup, measured, seed, mix: name = DEFAULT_MIX }: GatewaySetup): readonly Message[] {
    const count = warmup + measured;
    const key = `${count} ${seed} ${name}`;
    if (this.#messages?.key !== key) this.#messages = { key, value: mix(count, seed, name) };
    return this.#messages.value;
  }
}

/** Returns the digest of events, as the `DispatchCounter` of the client computes it. */
export function digestOf(messages: readonly Message[], withData: boolean): string {
  const hash = createHash('sha256');
  for (const { t, s, text } of messages) {
    hash.update(`${s} ${t} ${withData ? JSON.stringify((JSON.parse(text) as { d: unknown }).d) : ''}\n`);
  }
  return hash.digest('hex');
}
