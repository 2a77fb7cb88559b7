import { edgeName, findCycle, type FolderGraph } from "./folders.ts";
import type { Layers } from "./rules.ts";

/** Check that the folders of a package have no import cycle. @returns one message for each problem */
export function checkCycles(graph: FolderGraph): string[] {
  const cycle = findCycle(graph);
  if (cycle === null) return [];
  const imports = cycle.slice(1).map((to, at) => graph.get(edgeName(cycle[at] ?? "", to))?.imports[0]);
  return [`folders import each other: ${cycle.join(" -> ")} (${imports.map(describe).join("; ")})`];
}

/** Check that each folder imports only from its own layer and from those below. @returns one message for each problem */
export function checkLayers(graph: FolderGraph, layers: Layers): string[] {
  const layerOf = (folder: string) => layers.findIndex(({ folders }) => folders.includes(folder.split("/")[0] ?? ""));
  const folders = [...new Set([...graph.values()].flatMap(({ from, to }) => [from, to]))];
  const upward = [...graph.values()].filter(({ from, to }) => layerOf(to) > layerOf(from));
  const nameOf = (folder: string) => layers[layerOf(folder)]?.name ?? "no layer";
  return [
    ...folders.filter((folder) => layerOf(folder) < 0).map((folder) => `folder ${folder} is in no layer`),
    ...upward.map(
      ({ from, to, imports }) =>
        `${from} (${nameOf(from)}) imports from the layer above: ${to} (${nameOf(to)}): ${imports.map(describe).join("; ")}`,
    ),
  ];
}

const describe = (edge: { from: string; to: string } | undefined) =>
  edge === undefined ? "" : `${edge.from} imports ${edge.to}`;
