// `node script/layers/main.ts [--shrink]`: checks that the folders of each package have no cycle, and the layers of
// packages/core. `exceptions.json` lists the imports that break a rule today; `--shrink` takes out of it what is fixed.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkCycles, checkLayers, type Exceptions } from "./check.ts";
import { folderGraph } from "./folders.ts";
import { readImports } from "./imports.ts";
import { CORE_LAYERS, PACKAGES } from "./rules.ts";

const root = join(import.meta.dirname, "../..");
const file = join(import.meta.dirname, "exceptions.json");
const listed = JSON.parse(readFileSync(file, "utf8")) as {
  cycles: Readonly<Record<string, Exceptions>>;
  coreLayers: Exceptions;
};

const graphs = new Map(PACKAGES.map((name) => [name, folderGraph(readImports(join(root, name, "src")))]));
const cycles = [...graphs].map(([name, graph]) => ({ name, ...checkCycles(graph, listed.cycles[name] ?? {}) }));
const layers = checkLayers(graphs.get("packages/core") ?? new Map(), CORE_LAYERS, listed.coreLayers);

if (process.argv.includes("--shrink")) {
  const left = cycles.filter(({ exceptions }) => Object.keys(exceptions).length > 0);
  const shrunk = {
    cycles: Object.fromEntries(left.map(({ name, exceptions }) => [name, exceptions])),
    coreLayers: layers.exceptions,
  };
  writeFileSync(file, `${JSON.stringify(shrunk, null, 2)}\n`);
} else {
  const problems = [
    ...cycles.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
    ...layers.problems.map((problem) => `packages/core: ${problem}`),
  ];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
