import { expect, test } from "vitest";
import { checkCycles, checkLayers } from "./layers/check.ts";
import { findCycle, folderGraph } from "./layers/folders.ts";
import { importsOf } from "./layers/imports.ts";

/** Return a graph of folders from lines such as "a/x.ts b/y.ts". */
const graphOf = (...lines) => folderGraph(lines.map((line) => ({ from: line.split(" ")[0], to: line.split(" ")[1] })));

test("imports of values and types, multi-line and dynamic imports are found; imports of packages are not", () => {
  const text = [
    'import { one } from "../b/one.ts";',
    'import type { Two } from "./two.ts";',
    'export {\n  three,\n} from "../c/three.ts";',
    'import "../d/four.ts";',
    'const five = await import("../e/five.ts");',
    'import { six } from "six";',
    'import { seven } from "../../../other/seven.ts";',
  ].join("\n");
  expect(importsOf(text, "a/file.ts").map(({ to }) => to)).toEqual([
    "b/one.ts",
    "a/two.ts",
    "c/three.ts",
    "d/four.ts",
    "e/five.ts",
  ]);
});

test("the shortest cycle of folders is found, and imports within a folder are no cycle", () => {
  expect(findCycle(graphOf("a/x.ts a/y.ts", "a/y.ts a/x.ts", "a/x.ts b/x.ts", "b/x.ts c/x.ts"))).toBeNull();
  expect(findCycle(graphOf("a/x.ts b/x.ts", "b/x.ts c/x.ts", "c/x.ts a/x.ts", "c/y.ts b/y.ts"))).toEqual([
    "b",
    "c",
    "b",
  ]);
  expect(findCycle(graphOf("a/b/x.ts a/x.ts", "a/y.ts a/b/y.ts"))).toHaveLength(3);
});

test("a cycle is a problem, with a file for each of its imports", () => {
  expect(checkCycles(graphOf("a/x.ts b/y.ts", "b/z.ts c/x.ts"))).toEqual([]);
  expect(checkCycles(graphOf("a/x.ts b/y.ts", "b/z.ts a/x.ts"))).toEqual([
    "folders import each other: a -> b -> a (a/x.ts imports b/y.ts; b/z.ts imports a/x.ts)",
  ]);
});

test("a folder imports from its own layer and from the layers below", () => {
  const layers = [
    { name: "low", folders: ["a"] },
    { name: "high", folders: ["b", "c"] },
  ];
  expect(checkLayers(graphOf("b/x.ts a/x.ts", "b/x.ts c/x.ts", "b/d/x.ts a/x.ts"), layers)).toEqual([]);
  const up = graphOf("a/x.ts b/x.ts");
  expect(checkLayers(up, layers)).toEqual(["a (low) imports from the layer above: b (high): a/x.ts imports b/x.ts"]);
  expect(checkLayers(graphOf("b/x.ts new/x.ts"), layers)).toContain("folder new is in no layer");
});
