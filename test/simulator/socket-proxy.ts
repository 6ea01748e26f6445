/** Breaks a shard of the simulator on purpose, between the shard and its socket. */
import type { WebSocketLike } from '../../src/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import type { SimSocket } from '../../simulator/sim-socket.ts';
import type { World } from '../../simulator/world.ts';

/** A socket between the shard and the simulated one. Subclasses change what passes through it. */
export class SocketProxy implements WebSocketLike {
  protected readonly world: World;
  protected readonly socket: SimSocket;

  constructor(world: World, socket: SimSocket) {
    this.world = world;
    this.socket = socket;
  }

  get readyState(): number {
    return this.socket.readyState;
  }

  on(name: string, handler: (...args: never[]) => void): this {
    if (name === 'message')
      this.socket.on(name, (data: Buffer, isBinary: boolean) => this.#read(data, isBinary, handler as never));
    else this.socket.on(name, handler);
    return this;
  }

  send(text: string): void {
    this.write(JSON.parse(text) as Packet, text);
  }

  close(code?: number, reason?: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  #read(data: Buffer, isBinary: boolean, deliver: (data: Buffer, isBinary: boolean) => void): void {
    for (const packet of this.incoming(JSON.parse(data.toString()) as Packet))
      deliver(Buffer.from(JSON.stringify(packet)), isBinary);
  }

  /** Returns what the shard receives for a packet of the gateway. */
  protected incoming(packet: Packet): Packet[] {
    return [packet];
  }

  protected write(_packet: Packet, text: string): void {
    this.socket.send(text);
  }
}
