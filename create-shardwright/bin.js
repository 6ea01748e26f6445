#!/usr/bin/env node
/**
 * The command `create-shardwright`. Only this file must run on every Node that people still have, so that an old one
 * gets a sentence instead of a syntax error.
 */
var OLDEST_MAJOR = 22;
var OLDEST_MINOR = 15;

var version = process.versions.node;
var parts = version.split('.');
var major = Number(parts[0]);
var minor = Number(parts[1]);

if (major < OLDEST_MAJOR || (major === OLDEST_MAJOR && minor < OLDEST_MINOR)) {
  process.stderr.write(
    'create-shardwright: shardwright needs Node ' +
      OLDEST_MAJOR +
      '.' +
      OLDEST_MINOR +
      ' or later, and this is Node ' +
      version +
      '. Install a newer one from https://nodejs.org.\n',
  );
  process.exitCode = 1;
} else {
  void import('./src/main.js');
}
