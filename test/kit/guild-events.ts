/** Events of many guilds from a gateway that never rests, and the account of what becomes of them. */
import type { ShardManager } from '../../src/index.ts';
import type { FakeGateway } from '../../src/testing/index.ts';

/** Guild n of any shard count: the ids are spread as Discord's are. */
export const guildId = (n: number): string => String(BigInt(n) << 22n);

const GUILDS = 50;

export function guildEvents(gateway: FakeGateway, manager: ShardManager) {
  const sent: string[][] = Array.from({ length: GUILDS }, () => []);
  const got: string[][] = Array.from({ length: GUILDS }, () => []);
  let count = 0;
  let awaited: { count: number; resolve(): void } | null = null;
  manager.onDispatch('MESSAGE_CREATE', ({ id, guild_id: of }: { id: string; guild_id?: string }) => {
    got[Number(BigInt(of ?? '0') >> 22n)]!.push(id);
    if (awaited !== null && got.reduce((sum, { length }) => sum + length, 0) >= awaited.count) awaited.resolve();
  });
  const send = (events: number): void => {
    for (let n = 0; n < events; n += 1) {
      const guild = (count * 7) % GUILDS;
      count += 1;
      sent[guild]!.push(String(count));
      gateway.dispatch('MESSAGE_CREATE', { id: String(count), guild_id: guildId(guild) }, { guildId: guildId(guild) });
    }
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    sent,
    got,
    send,
    /** From now on so many with each turn of the clock. */
    begin: (events = 5): void => {
      timer = setInterval(() => send(events), 2);
    },
    /** No more are sent; settles when as many have come as were sent, be they the same or not. */
    end: (): Promise<void> => {
      clearInterval(timer);
      return new Promise((resolve) => {
        awaited = { count, resolve };
        send(1);
        awaited.count = count;
      });
    },
    get count() {
      return count;
    },
  };
}
