// Prepares a checkout for `npm start` and `npm test`. Only Node's own modules: nothing is installed yet.
import { installSystemPackages } from "../bin/lib/system.mjs";
import { installPackages } from "./packages.mjs";

/**
 * Makes a fresh clone ready: first what the system must have (so that nothing is half done when that is impossible),
 * then the npm packages, then dist/. What is there already is left alone. Says on stderr what to do when it can't.
 * @param {{root: string, dev: boolean}} options `dev`: also what the tests need
 * @returns {Promise<boolean>} whether all is there now
 */
export async function bootstrap({ root, dev }) {
  try {
    await installSystemPackages({ dev, redis: dev || !process.env.REDIS_URL, ask: false });
    installPackages({ root, dev });
    const { ensureBuilt } = await import("../packages/build/ensure.mjs");
    await ensureBuilt({ root, say: (line) => process.stdout.write(`${line}\n`) });
    return true;
  } catch (error) {
    process.stderr.write(`tac8: ${error.message}\n`);
    process.exitCode = 1;
    return false;
  }
}
