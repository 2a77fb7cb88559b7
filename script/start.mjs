// `npm start`: installs what is missing, then `tac8 up`. Runs on Node 18.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { bootstrap } from "./bootstrap.mjs";
import { launch } from "./launch.mjs";
import { findNode } from "./node.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (bootstrap({ root, dev: false })) {
  const found = findNode(root);
  if (found.node === null) {
    process.stderr.write(`${found.problem}\n`);
    process.exitCode = 1;
  } else {
    await launch({ root, node: found.node, args: ["up", ...process.argv.slice(2)] });
  }
}
