// Runs webpack, or rspack with the configuration of webpack, as their command line programs do.
import options from './webpack.config.mjs';

const [, , name] = process.argv;
const compile = name === 'webpack' ? (await import('webpack')).default : (await import('@rspack/core')).rspack;
const output = { ...options.output, path: `${process.cwd()}/out/${name}` };
const stats = await new Promise((resolve, reject) =>
  compile({ ...options, output }, (error, result) => (error ? reject(error) : resolve(result))),
);
process.stdout.write(`${stats.toString({ preset: 'errors-only' })}\n`);
process.exitCode = stats.hasErrors() ? 1 : 0;
