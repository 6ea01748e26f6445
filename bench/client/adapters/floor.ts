/**
 * The floor, which every client is compared with: `ws` and `JSON.parse`, with the cheapest known decompression. Its
 * lifecycle is only handshake, heartbeat and an immediate resume. A floor for unread data makes no text of a dispatch
 * and reads only its name and sequence.
 */
import { createInflate, createZstdDecompress, inflateSync } from 'node:zlib';
import type { Inflate, ZstdDecompress } from 'node:zlib';
import { WebSocket } from 'ws';
import type { Transport } from '../../server/recording.ts';
import { Op, TOKEN } from '../../server/packets.ts';
import { countReady } from '../adapter.ts';
import type { CreateAdapter, Event, AdapterOptions } from '../adapter.ts';

type Packet = Event & { readonly op: number };

interface Handle {
  writeSync(
    flush: number,
    input: Buffer,
    from: number,
    length: number,
    output: Buffer,
    to: number,
    space: number,
  ): void;
}

/** Returns the packet in the first `length` bytes. They are valid only during the call. */
type Read = (bytes: Buffer, length: number) => Packet;
type Decode = (frame: Buffer, isBinary: boolean, read: Read) => Packet;

interface Decoder {
  readonly decode: Decode;
  readonly close: () => void;
}

let scratch = Buffer.allocUnsafeSlow(1024 * 1024);

/** Inflates synchronously on the handle of a node:zlib stream, into one buffer that all connections share. */
function streamDecoder(stream: Inflate | ZstdDecompress, flush: number): Decoder {
  const handle = Reflect.get(stream, '_handle') as Handle;
  const state = Reflect.get(stream, '_writeState') as Uint32Array;
  const decode: Decode = (frame, _isBinary, read) => {
    let written = 0;
    let consumed = 0;
    for (;;) {
      handle.writeSync(flush, frame, consumed, frame.length - consumed, scratch, written, scratch.length - written);
      written = scratch.length - (state[0] ?? 0);
      consumed = frame.length - (state[1] ?? 0);
      if (written < scratch.length) return read(scratch, written);
      scratch = Buffer.concat([scratch], scratch.length * 2);
    }
  };
  return { decode, close: () => stream.close() };
}

const open = (decode: Decode): Decoder => ({ decode, close: () => undefined });

const DECODERS: Readonly<Record<Transport, () => Decoder>> = {
  none: () => open((frame, _isBinary, read) => read(frame, frame.length)),
  payload: () =>
    open((frame, isBinary, read) => {
      const bytes = isBinary ? inflateSync(frame) : frame;
      return read(bytes, bytes.length);
    }),
  'zlib-stream': () => streamDecoder(createInflate({ chunkSize: 64 }), 2),
  'zstd-stream': () => streamDecoder(createZstdDecompress({ chunkSize: 64 }), 1),
};

const parse: Read = (bytes, length) => JSON.parse(bytes.toString('utf8', 0, length)) as Packet;

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const NAME_AT = '{"t":"'.length;
const SEQUENCE_OFFSET = ',"s":'.length;

/** Reads the name and the sequence of a dispatch as Discord writes it, and parses all other packets. */
const readHeader: Read = (bytes, length) => {
  if (bytes[NAME_AT - 1] !== QUOTE) return parse(bytes, length);
  let at = bytes.indexOf(QUOTE, NAME_AT);
  const t = bytes.toString('latin1', NAME_AT, at);
  if (t === 'READY') return parse(bytes, length);
  at += 1 + SEQUENCE_OFFSET;
  let s = 0;
  for (let byte = bytes[at] ?? COMMA; byte !== COMMA; byte = bytes[at] ?? COMMA) {
    s = s * 10 + byte - ZERO;
    at += 1;
  }
  return { t, s, op: Op.dispatch, d: undefined };
};

class BareConnection {
  readonly #options: AdapterOptions;
  readonly #shardId: number;
  readonly #onReady: () => void;
  #sequence: number | null = null;
  #sessionId: string | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AdapterOptions, shardId: number, onReady: () => void) {
    this.#options = options;
    this.#shardId = shardId;
    this.#onReady = onReady;
  }

  open(): void {
    const { url, transport, variant, onDispatch } = this.#options;
    const read = variant === 'unread' ? readHeader : parse;
    const query = transport.endsWith('-stream') ? `&compress=${transport}` : '';
    const socket = new WebSocket(`${url}/?v=10&encoding=json${query}`, { perMessageDeflate: false });
    const { decode, close } = DECODERS[transport]();
    socket.on('message', (data: Buffer, isBinary) => {
      const packet = decode(data, isBinary, read);
      if (packet.op !== Op.dispatch) return this.#onControlPacket(socket, packet);
      this.#sequence = packet.s;
      if (packet.t === 'READY') this.#recordReady(packet);
      onDispatch(packet);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(this.#timer);
      close();
      this.open();
    });
  }

  #recordReady({ d }: Packet): void {
    this.#sessionId = (d as { session_id: string }).session_id;
    this.#onReady();
  }

  #onControlPacket(socket: WebSocket, { op, d }: Packet): void {
    if (op !== Op.hello) return;
    const { heartbeat_interval: intervalMs } = d as { heartbeat_interval: number };
    const beat = (): void => socket.send(JSON.stringify({ op: Op.heartbeat, d: this.#sequence }));
    // The first after a random part of the interval, as Discord asks for.
    this.#timer = setTimeout(() => {
      beat();
      this.#timer = setInterval(beat, intervalMs);
    }, Math.random() * intervalMs);
    socket.send(JSON.stringify(this.#sessionId === null ? this.#identify() : this.#resume(this.#sessionId)));
  }

  #identify(): object {
    const { transport, shards } = this.#options;
    const properties = { os: process.platform, browser: 'floor', device: 'floor' };
    return {
      op: Op.identify,
      d: { token: TOKEN, intents: 1, compress: transport === 'payload', shard: [this.#shardId, shards], properties },
    };
  }

  #resume(sessionId: string): object {
    return { op: Op.resume, d: { token: TOKEN, session_id: sessionId, seq: this.#sequence } };
  }
}

export const create: CreateAdapter = (options) => ({
  connect: () => {
    const ready = countReady(options.shards);
    for (let shardId = 0; shardId < options.shards; shardId += 1)
      new BareConnection(options, shardId, ready.count).open();
    return ready.after(undefined);
  },
});
