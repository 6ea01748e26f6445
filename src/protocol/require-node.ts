/**
 * The first import of each entry of the package: it ends the import with one sentence if Node is too old. Modules are
 * linked before this one runs, so no other may import a name that an older Node does not export: see `zlib` in
 * `native-inflater.ts`.
 */
import { GatewayError } from './errors.ts';
import { nodeRefusal } from './node-version.ts';

const refusal = nodeRefusal();
if (refusal !== null) throw new GatewayError('NODE_TOO_OLD', refusal);
