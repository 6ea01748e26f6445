/**
 * The bot that `npm run matrix` runs on every runtime and out of every bundle. It prints what happens, one JSON line
 * each, and ends when its standard input ends. It has no top-level await, because a bundle in CommonJS format can't.
 */
import { FileSessionStore, MemoryIdentifyGate, ShardManager } from 'shardwright';

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

/** Leads every connection to a server with TLS. */
const overTls = (host) => (url) => Object.assign(url, { protocol: 'wss:', host });

async function main() {
  const { sessions, tlsHost, ...options } = JSON.parse(process.env.BOT);
  const manager = new ShardManager({
    intents: ['Guilds', 'GuildMessages'],
    // The waits between IDENTIFYs are Discord's, and have tests of their own.
    identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
    ...(sessions === undefined ? {} : { sessionStore: new FileSessionStore(sessions) }),
    ...(tlsHost === undefined ? {} : { rewriteUrl: overTls(tlsHost) }),
    ...options,
  });
  manager.on('fault', ({ code, message }) => say({ fault: code, message }));
  manager.on('failed', ({ code, message, hint }) => say({ failed: code, message, hint }));
  manager.on('reconnected', ({ resumed }) => say({ resumed }));
  manager.on('disconnected', ({ code }) => say({ disconnected: code }));
  manager.onDispatch('MESSAGE_CREATE', ({ content }) => say({ content }));
  process.stdin.once('end', () => manager.disconnect().then(() => say({ stopped: true })));
  process.stdin.resume();
  await manager.connect();
  say({ connected: true });
}

main().catch(({ code, message }) => {
  say({ rejected: code ?? null, message });
  process.exitCode = 1;
  process.stdin.destroy();
});
