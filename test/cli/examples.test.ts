/** The examples are run as they are. */
import '../../examples/test-your-bot.test.ts';
