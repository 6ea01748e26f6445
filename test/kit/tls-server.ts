/** TLS for tests: a self-signed certificate for localhost, and a server that adds TLS to a plain one. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';

/** Self-signed, valid for a hundred years. The key is in no other use. */
const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQge1S8oe/vSi8P126I
23u0XkCC/y8koziyiF08YDrIhJahRANCAATK0QVDHmsCtehK8YT5IPwBw3hHq1kd
Ka5SPZ5NqnWqFE5P9JiHEJ2gfJCGCHAVUFA2c1ynoZhr85/JOp1/JVcd
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUSNAH/Bn4E3xAfIoIAnvwjmZI+yIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODIwMTkyNloYDzIxMjYxMTA0
MjAxOTI2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATK0QVDHmsCtehK8YT5IPwBw3hHq1kdKa5SPZ5NqnWqFE5P9JiHEJ2g
fJCGCHAVUFA2c1ynoZhr85/JOp1/JVcdo28wbTAdBgNVHQ4EFgQU6LDTp0hVLWX0
DTNQbqBXnl40J7cwHwYDVR0jBBgwFoAU6LDTp0hVLWX0DTNQbqBXnl40J7cwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgPWb++2HiST/hu/cSchLJAc4pEMJP49WbD/pebMaaei4CIQDd
jz1Ogxo5MUqPNQWOCTwMHdQrKr3N17wcAf3VQceS1g==
-----END CERTIFICATE-----`,
};

/** Listens with TLS, and passes what it receives to a plain server on 127.0.0.1. */
export async function tlsServer(plainPort: number, certificate = SELF_SIGNED) {
  const sockets = new Set<TLSSocket>();
  const server = createServer(certificate, (client) => {
    sockets.add(client);
    const upstream = connect(plainPort, '127.0.0.1');
    client.on('error', () => undefined).on('close', () => upstream.destroy());
    upstream.on('error', () => undefined).on('close', () => client.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
