// `npm start`: installs what is missing, builds what has changed, then `tac8 up`. Runs on Node 18.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { bootstrap } from "./bootstrap.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (await bootstrap({ root, dev: false })) {
  process.argv.splice(2, 0, "up");
  await import("../bin/tac8.mjs");
}
