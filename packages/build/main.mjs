// `npm run build`; with `--if-changed`, builds only if the sources have changed. Runs on Node 18.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./ensure.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const say = (line) => process.stderr.write(`${line}\n`);
try {
  await ensureBuilt({ root, say, force: !process.argv.includes("--if-changed") });
} catch (error) {
  say(`tac8: ${error.message}`);
  process.exitCode = 1;
}
