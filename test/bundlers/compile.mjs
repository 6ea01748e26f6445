// Runs webpack or rspack with a configuration, as their command line programs do.
const [, , name, config] = process.argv;
const { default: options } = await import(config);
const compile = name === 'webpack' ? (await import('webpack')).default : (await import('@rspack/core')).rspack;
const stats = await new Promise((resolve, reject) =>
  compile(options, (error, result) => (error ? reject(error) : resolve(result))),
);
process.stdout.write(`${stats.toString({ preset: 'errors-only' })}\n`);
process.exitCode = stats.hasErrors() ? 1 : 0;
