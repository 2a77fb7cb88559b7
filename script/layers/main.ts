// `node script/layers/main.ts`: checks that the folders of each package have no cycle, and the layers of packages/core.
import { join } from "node:path";
import { checkCycles, checkLayers } from "./check.ts";
import { folderGraph } from "./folders.ts";
import { readImports } from "./imports.ts";
import { CORE_LAYERS, PACKAGES } from "./rules.ts";

const root = join(import.meta.dirname, "../..");
const graphs = new Map(PACKAGES.map((name) => [name, folderGraph(readImports(join(root, name, "src")))]));
const problems = [
  ...[...graphs].flatMap(([name, graph]) => checkCycles(graph).map((problem) => `${name}: ${problem}`)),
  ...checkLayers(graphs.get("packages/core") ?? new Map(), CORE_LAYERS).map((problem) => `packages/core: ${problem}`),
];
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
