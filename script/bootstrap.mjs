// Prepares a checkout for `npm start` and `npm test`. Uses only Node's own modules, because nothing is installed yet.
import { installSystemPackages } from "../bin/lib/system.mjs";
import { installPackages } from "./packages.mjs";

/**
 * Prepare a new clone: install system packages first (so that nothing is half done if that is impossible), then npm
 * packages, then build dist/. Skip what exists already. If a step is impossible, print on stderr what to do.
 * @param {{root: string, dev: boolean}} options `dev`: also what the tests need
 * @returns {Promise<boolean>} whether everything is installed now
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
