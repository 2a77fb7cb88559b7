// What `npm start` and `npm test` need before anything of tac8 can run. Only Node's own modules: nothing is installed yet.
import { installPackages } from "./packages.mjs";
import { installSystemPackages } from "./system.mjs";

/**
 * Makes a fresh clone ready: first what the system must have (so that nothing is half done when that is impossible),
 * then the npm packages. What is there already is left alone. Says on stderr what to do when it can't.
 * @param {{root: string, dev: boolean}} options `dev`: also what the tests need
 * @returns {boolean} whether all is there now
 */
export function bootstrap({ root, dev }) {
  try {
    installSystemPackages({ dev, redis: dev || !process.env.REDIS_URL });
    installPackages({ root, dev });
    return true;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return false;
  }
}
