export { toDiscordJsGateway } from './gateway.ts';
export type { DiscordJsGateway, GatewayHost } from './gateway.ts';
