/**
 * A bot's cache of its guilds, written as plainly as possible, from Discord's documentation: what the snapshot of a shard
 * must amount to. It holds whole objects and shares no code with the shard.
 */
interface Thing {
  id: string;
  [field: string]: unknown;
}

interface Dispatched {
  readonly t: string;
  readonly d: unknown;
}

type Guild = Thing & Record<'channels' | 'threads' | 'roles' | 'emojis' | 'stickers' | 'members', Thing[]>;

const without = <T extends { id?: unknown }>(list: readonly T[], id: unknown): T[] =>
  list.filter((one) => one.id !== id);

/** In the order in which they came: a change leaves its element where it is. */
const withOne = (list: readonly Thing[], one: Thing): Thing[] =>
  list.some(({ id }) => id === one.id)
    ? list.map((old) => (old.id === one.id ? { ...old, ...one } : old))
    : [...list, one];

export class PlainGuildCache {
  user: Record<string, unknown> = {};
  readonly guilds = new Map<string, Guild>();
  readonly unavailable = new Set<string>();
  readonly #botId: string;

  constructor(botId: string) {
    this.#botId = botId;
  }

  apply({ t, d }: Dispatched): this {
    const data = d as Thing & { guild_id: string };
    if (t === 'READY') this.#onReady(data);
    else if (t === 'USER_UPDATE') this.user = { ...this.user, ...data };
    else if (t === 'GUILD_CREATE') this.#onGuild(data as unknown as Guild);
    else if (t === 'GUILD_DELETE') {
      this.guilds.delete(data.id);
      if (data['unavailable'] === true) this.unavailable.add(data.id);
      else this.unavailable.delete(data.id);
    } else {
      const guild = this.guilds.get(t === 'GUILD_UPDATE' ? data.id : data.guild_id);
      if (guild !== undefined) this.#onChange(guild, t, data);
    }
    return this;
  }

  #onReady(d: Thing): void {
    this.user = d['user'] as Record<string, unknown>;
    this.guilds.clear();
    this.unavailable.clear();
    for (const { id } of d['guilds'] as Thing[]) this.unavailable.add(id);
  }

  #onGuild(d: Guild): void {
    if (d['unavailable'] === true) {
      this.guilds.delete(d.id);
      this.unavailable.add(d.id);
      return;
    }
    this.unavailable.delete(d.id);
    const members = d.members.filter(({ user }) => (user as Thing).id === this.#botId);
    this.guilds.set(d.id, { ...d, members, presences: [], voice_states: [] });
  }

  #onChange(guild: Guild, t: string, d: Thing): void {
    switch (t) {
      case 'GUILD_UPDATE': {
        Object.assign(guild, d);
        break;
      }
      case 'CHANNEL_CREATE':
      case 'CHANNEL_UPDATE': {
        guild.channels = withOne(guild.channels, d);
        break;
      }
      case 'CHANNEL_DELETE': {
        guild.channels = without(guild.channels, d.id);
        guild.threads = guild.threads.filter(({ parent_id: parent }) => parent !== d.id);
        break;
      }
      case 'THREAD_CREATE':
      case 'THREAD_UPDATE': {
        const isArchived = (d['thread_metadata'] as { archived?: boolean } | undefined)?.archived === true;
        guild.threads = isArchived ? without(guild.threads, d.id) : withOne(guild.threads, d);
        break;
      }
      case 'THREAD_DELETE': {
        guild.threads = without(guild.threads, d.id);
        break;
      }
      case 'THREAD_LIST_SYNC': {
        const parents = d['channel_ids'] as string[] | undefined;
        const stay = guild.threads.filter(
          ({ parent_id: parent }) => parents !== undefined && !parents.includes(parent as string),
        );
        guild.threads = [...stay, ...(d['threads'] as Thing[])];
        break;
      }
      case 'GUILD_ROLE_CREATE':
      case 'GUILD_ROLE_UPDATE': {
        guild.roles = withOne(guild.roles, d['role'] as Thing);
        break;
      }
      case 'GUILD_ROLE_DELETE': {
        guild.roles = without(guild.roles, d['role_id']);
        break;
      }
      case 'GUILD_EMOJIS_UPDATE': {
        guild.emojis = d['emojis'] as Thing[];
        break;
      }
      case 'GUILD_STICKERS_UPDATE': {
        guild.stickers = d['stickers'] as Thing[];
        break;
      }
      case 'GUILD_MEMBER_UPDATE': {
        const { guild_id: _, ...member } = d;
        if ((d['user'] as Thing).id !== this.#botId) break;
        guild.members = [{ ...guild.members[0], ...member }];
        break;
      }
      default: {
        // Not part of the guilds: a message, for example.
      }
    }
  }

  /** What it holds, for comparisons. */
  get content(): object {
    return {
      user: this.user,
      guilds: Object.fromEntries(this.guilds),
      unavailable: [...this.unavailable].toSorted((a, b) => a.localeCompare(b)),
    };
  }
}
