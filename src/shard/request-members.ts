/** The way of a member request: it is checked, and registered with the dispatcher, which passes the chunks to it. */
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import { assertCallOptions } from '../protocol/call-options.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import { checkPayload } from '../protocol/payloads.ts';
import type { CommandSender } from './command-sender.ts';
import { GuildMemberRequests } from './guild-member-requests.ts';
import type { GuildMembers, RequestOptions } from './guild-member-requests.ts';
import type { ShardRuntime } from './shard-runtime.ts';

export async function requestMembers(
  { dispatcher, options: { clock, random } }: ShardRuntime,
  sender: CommandSender,
  d: GatewayRequestGuildMembersData,
  options?: RequestOptions,
): Promise<GuildMembers> {
  assertCallOptions('requestGuildMembers()', options);
  const { payload } = checkPayload({ op: Opcodes.RequestGuildMembers, d });
  dispatcher.requests ??= new GuildMemberRequests({
    clock,
    random,
    send: (data, signal) => sender.send({ op: Opcodes.RequestGuildMembers, d: data }, { signal }),
  });
  return dispatcher.requests.request(payload.d as GatewayRequestGuildMembersData, options);
}
