// Builds dist/ if the sources have changed. Runs on Node 18.
import { builtFrom, fingerprint } from "./fingerprint.mjs";

/**
 * @param {{root: string, say: (line: string) => void, force?: boolean}} options `force`: build in any case
 * @returns {Promise<void>} resolved when dist/ is up to date
 * @throws Error when a source cannot be bundled, or a tac8 is running from dist/; dist/ is then unchanged
 */
export async function ensureBuilt({ root, say, force = false }) {
  const old = builtFrom(root);
  const changed = old !== fingerprint(root);
  if (!changed && !force) return;
  const begin = performance.now();
  // The bundler is needed only here. It may not be installed if dist/ was installed with the package.
  const { build } = await import("./build.mjs").catch((error) => explain(error, root));
  await build({ root }).catch((error) => explain(error, root));
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  say(`Built dist/ in ${seconds} s${old !== null && changed ? ": the sources have changed" : ""}`);
}

/** @throws Error of one line if the bundler, or its program for this platform, is missing; otherwise the given error */
function explain(error, root) {
  if (!/package 'esbuild'|@esbuild\//.test(error.message)) throw error;
  throw new Error(`dist/ cannot be built, because npm packages are missing: run "npm ci" in ${root}`, { cause: error });
}
