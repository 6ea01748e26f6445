export { toDiscordJsGateway } from './gateway.ts';
export type { DiscordJsGateway, DispatchListener, ManagerLike } from './gateway.ts';
