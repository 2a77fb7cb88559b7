// `npm run build`; with `--if-changed` only where dist/ is not what the sources would give. Runs on Node 18.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureBuilt } from "./ensure.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const say = (line) => process.stderr.write(`${line}\n`);
try {
  await (process.argv.includes("--if-changed") ? ensureBuilt({ root, say }) : timed(() => build({ root })));
} catch (error) {
  say(`tac8: ${error.message}`);
  process.exitCode = 1;
}

async function timed(work) {
  const begin = performance.now();
  await work();
  say(`Built dist/ in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}
