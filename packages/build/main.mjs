// `npm run build`. Runs on Node 18.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const begin = performance.now();
try {
  await build({ root });
  process.stdout.write(`Built dist/ in ${((performance.now() - begin) / 1000).toFixed(1)} s\n`);
} catch (error) {
  process.stderr.write(`tac8: ${error.message}\n`);
  process.exitCode = 1;
}
