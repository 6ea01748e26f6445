export { toDiscordJsGateway } from './gateway.ts';
export type { DiscordJsGateway, ManagerLike } from './gateway.ts';
