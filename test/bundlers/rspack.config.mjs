export default {
  mode: 'production',
  target: 'node',
  context: process.cwd(),
  entry: { bot: './bot.mjs', thread: './thread.mjs' },
  output: { path: `${process.cwd()}/out/rspack`, filename: '[name].cjs', chunkFilename: '[name].cjs' },
};
