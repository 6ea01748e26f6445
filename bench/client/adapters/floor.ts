/**
 * The floor, which every client is compared with: `ws` and `JSON.parse`, with the cheapest known decompression. Its
 * lifecycle is only handshake, heartbeat and an immediate resume.
 */
import { createInflate, createZstdDecompress, inflateSync } from 'node:zlib';
import type { Inflate, ZstdDecompress } from 'node:zlib';
import { WebSocket } from 'ws';
import type { Transport } from '../../server/recording.ts';
import { Op, TOKEN } from '../../server/packets.ts';
import { countReady } from '../adapter.ts';
import type { CreateAdapter, Event, AdapterOptions } from '../adapter.ts';

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

type Decode = (frame: Buffer, isBinary: boolean) => string;

interface Decoder {
  readonly decode: Decode;
  readonly close: () => void;
}

let scratch = Buffer.allocUnsafeSlow(1024 * 1024);

/** Inflates synchronously on the handle of a node:zlib stream, into one buffer that all connections share. */
function streamDecoder(stream: Inflate | ZstdDecompress, flush: number): Decoder {
  const handle = Reflect.get(stream, '_handle') as Handle;
  const state = Reflect.get(stream, '_writeState') as Uint32Array;
  const decode: Decode = (frame) => {
    let written = 0;
    let read = 0;
    for (;;) {
      handle.writeSync(flush, frame, read, frame.length - read, scratch, written, scratch.length - written);
      written = scratch.length - (state[0] ?? 0);
      read = frame.length - (state[1] ?? 0);
      if (written < scratch.length) return scratch.toString('utf8', 0, written);
      scratch = Buffer.concat([scratch], scratch.length * 2);
    }
  };
  return { decode, close: () => stream.close() };
}

const open = (decode: Decode): Decoder => ({ decode, close: () => undefined });

const DECODERS: Readonly<Record<Transport, () => Decoder>> = {
  none: () => open((frame) => frame.toString()),
  payload: () => open((frame, isBinary) => (isBinary ? inflateSync(frame) : frame).toString()),
  'zlib-stream': () => streamDecoder(createInflate({ chunkSize: 64 }), 2),
  'zstd-stream': () => streamDecoder(createZstdDecompress({ chunkSize: 64 }), 1),
};

type Packet = Event & { readonly op: number };

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
    const { url, transport, onDispatch } = this.#options;
    const query = transport.endsWith('-stream') ? `&compress=${transport}` : '';
    const socket = new WebSocket(`${url}/?v=10&encoding=json${query}`, { perMessageDeflate: false });
    const { decode, close } = DECODERS[transport]();
    socket.on('message', (data: Buffer, isBinary) => {
      const packet = JSON.parse(decode(data, isBinary)) as Packet;
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
    this.#timer = setInterval(
      () => socket.send(JSON.stringify({ op: Op.heartbeat, d: this.#sequence })),
      (d as { heartbeat_interval: number }).heartbeat_interval,
    );
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
