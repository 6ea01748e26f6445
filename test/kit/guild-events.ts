/** Dispatches numbered messages to many guilds, and records which of them reach the listeners of managers. */
import type { ShardManager } from '../../src/index.ts';
import type { FakeGateway } from '../../src/testing/index.ts';

/** The id of guild n. As with Discord's ids, the bits above 22 decide the shard. */
export const guildId = (n: number): string => String(BigInt(n) << 22n);

const numberOf = (id = '0'): number => Number(BigInt(id) >> 22n);

const GUILDS = 50;
const TICK_MS = 2;
/** So many events a test under load gets at least, also on a machine so busy that timers come late. */
const LEAST_EVENTS = 101;

export function guildEvents(gateway: FakeGateway, ...managers: ShardManager[]) {
  const sent: string[][] = Array.from({ length: GUILDS }, () => []);
  const received: string[][] = Array.from({ length: GUILDS }, () => []);
  let count = 0;
  const enough = Promise.withResolvers<void>();
  const listen = (manager: ShardManager): void => {
    manager.onDispatch('MESSAGE_CREATE', ({ id, guild_id: guild }: { id: string; guild_id?: string }) => {
      received[numberOf(guild)]!.push(id);
    });
  };
  for (const manager of managers) listen(manager);
  const send = (events: number): void => {
    for (let n = 0; n < events; n += 1) {
      const guild = (count * 7) % GUILDS;
      count += 1;
      sent[guild]!.push(String(count));
      gateway.dispatch('MESSAGE_CREATE', { id: String(count), guild_id: guildId(guild) }, { guildId: guildId(guild) });
    }
    if (count >= LEAST_EVENTS) enough.resolve();
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    sent,
    received,
    send,
    listen: (manager: ShardManager): void => {
      managers.push(manager);
      listen(manager);
    },
    /** Starts to dispatch this many events every 2 ms. */
    begin: (events = 5): void => {
      timer = setInterval(() => send(events), TICK_MS);
    },
    /** Stops dispatching when there was enough of it. Resolves when the last event of each guild has arrived. */
    end: async (): Promise<void> => {
      if (timer !== undefined) await enough.promise;
      clearInterval(timer);
      const ended = new Set<number>();
      await new Promise<void>((resolve) => {
        for (const manager of managers)
          manager.onDispatch('END_OF_LOAD', (d) => {
            if (ended.add(numberOf((d as { guild_id: string }).guild_id)).size === GUILDS) resolve();
          });
        for (let n = 0; n < GUILDS; n += 1)
          gateway.dispatch('END_OF_LOAD', { guild_id: guildId(n) }, { guildId: guildId(n) });
      });
    },
    get count() {
      return count;
    },
  };
}
