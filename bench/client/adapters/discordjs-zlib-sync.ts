/** With zlib-sync as its zlib. */
import { CompressionMethod } from '@discordjs/ws';
import { createWith } from './discordjs.ts';

export const create = createWith(CompressionMethod.ZlibSync);
