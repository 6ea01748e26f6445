/** What the gateway is about to play, and the recordings for it; the last few are kept, they take seconds to make. */
import { createHash } from 'node:crypto';
import { mix } from '../mix.ts';
import type { Message } from '../mix.ts';
import { recordPiece, recordStream } from './recording.ts';
import type { Recording, Transport } from './recording.ts';
import { ACK_TEXT, helloText, readyText } from './talk.ts';

export interface Stage {
  /** `live` answers; `recorded` plays what was made beforehand. */
  readonly mode: 'live' | 'recorded';
  readonly transport: Transport;
  readonly shards: number;
  readonly heartbeatIntervalMs: number;
  /** From the upgrade to HELLO: a client may look for it only in the next piece, and have much else to do. */
  readonly helloAfterMs: number;
  /** Events of the warm-up and of the measured part; none where `live`. */
  readonly warmup: number;
  readonly measured: number;
  readonly seed: number;
}

export interface Repertoire {
  readonly recording: Recording;
  readonly ack: Buffer;
  readonly messages: readonly Message[];
}

/** HELLO and READY come before the events. */
export const HANDSHAKE_FRAMES = 2;

const keyOf = ({ transport, heartbeatIntervalMs, warmup, measured, seed }: Stage): string =>
  [transport, heartbeatIntervalMs, warmup, measured, seed].join(' ');

export class Repertoires {
  readonly #url: string;
  readonly #made = new Map<string, Repertoire>();
  #messages: { key: string; value: readonly Message[] } | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async of(stage: Stage): Promise<Repertoire> {
    const key = keyOf(stage);
    const repertoire = this.#made.get(key) ?? (await this.#make(stage));
    this.#made.set(key, repertoire);
    return repertoire;
  }

  async #make(stage: Stage): Promise<Repertoire> {
    const messages = this.#mix(stage.warmup + stage.measured, stage.seed);
    const texts = [helloText(stage.heartbeatIntervalMs), readyText('recorded', this.#url, [0, 1]), ...messages.map(({ text }) => text)];
    // After READY and after the last event, so that the whole of the events can be played again.
    const cuts = new Set([HANDSHAKE_FRAMES - 1, texts.length - 1]);
    const [recording, ack] = await Promise.all([recordStream(stage.transport, texts, cuts), recordPiece(stage.transport, ACK_TEXT)]);
    return { recording, ack, messages };
  }

  #mix(count: number, seed: number): readonly Message[] {
    const key = `${count} ${seed}`;
    if (this.#messages?.key !== key) this.#messages = { key, value: mix(count, seed) };
    return this.#messages.value;
  }
}

/** Of events, as `Digest` in the client takes it. */
export function digestOf(messages: readonly Message[], withData: boolean): string {
  const hash = createHash('sha256');
  for (const { t, s, text } of messages) {
    hash.update(`${s} ${t} ${withData ? JSON.stringify((JSON.parse(text) as { d: unknown }).d) : ''}\n`);
  }
  return hash.digest('hex');
}
