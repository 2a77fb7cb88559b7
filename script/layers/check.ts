import { edgeName, findCycle, type FolderGraph, shortestPath } from "./folders.ts";
import type { Layers } from "./rules.ts";

/** Known exceptions of one rule: the number of imports by `edgeName`. The list may only shrink. */
export type Exceptions = Readonly<Record<string, number>>;

/** What one rule found. `problems` are lines for people; `exceptions` is the list with what has shrunk taken out. */
export type Found = { problems: string[]; exceptions: Exceptions };

/**
 * Check that the folders of a package have no cycle, except for those that the listed imports close.
 * A listed edge that closes no cycle any more is reported, so that the list shrinks with the code.
 */
export function checkCycles(graph: FolderGraph, listed: Exceptions): Found {
  const allowed = new Map([...graph].filter(([name]) => !Object.hasOwn(listed, name)));
  const cycle = findCycle(allowed);
  if (cycle !== null) {
    const imports = cycle.slice(1).map((to, at) => allowed.get(edgeName(cycle[at] ?? "", to))?.imports[0]);
    const problem = `folders import each other: ${cycle.join(" -> ")} (${imports.map(describe).join("; ")})`;
    return { problems: [problem], exceptions: listed };
  }
  const closing = [...graph].filter(([name, edge]) => {
    if (allowed.has(name)) return false;
    if (shortestPath(allowed, edge.to, edge.from) !== null) return true;
    allowed.set(name, edge);
    return false;
  });
  return checkListed(
    closing.map(([, edge]) => edge),
    listed,
  );
}

/** Check that a folder imports only from its own layer and from those below, except for the listed imports. */
export function checkLayers(graph: FolderGraph, layers: Layers, listed: Exceptions): Found {
  const layerOf = (folder: string) => layers.findIndex(({ folders }) => folders.includes(folder.split("/")[0] ?? ""));
  const folders = [...new Set([...graph.values()].flatMap(({ from, to }) => [from, to]))];
  const upward = [...graph.values()].filter(({ from, to }) => layerOf(to) > layerOf(from));
  const { problems, exceptions } = checkListed(upward, listed);
  const unlisted = upward.filter(({ from, to }) => !Object.hasOwn(listed, edgeName(from, to)));
  const nameOf = (folder: string) => layers[layerOf(folder)]?.name ?? "no layer";
  return {
    problems: [
      ...folders.filter((folder) => layerOf(folder) < 0).map((folder) => `folder ${folder} is in no layer`),
      ...problems,
      ...unlisted.map(
        ({ from, to, imports }) =>
          `${from} (${nameOf(from)}) imports from the layer above: ${to} (${nameOf(to)}): ${imports.map(describe).join("; ")}`,
      ),
    ],
    exceptions,
  };
}

function checkListed(
  edges: readonly { from: string; to: string; imports: readonly Edge[] }[],
  listed: Exceptions,
): Found {
  const now = new Map(edges.map(({ from, to, imports }) => [edgeName(from, to), imports]));
  const entries = Object.entries(listed);
  const grown = entries.filter(([name, count]) => (now.get(name)?.length ?? 0) > count);
  const shrunk = entries.filter(([name, count]) => (now.get(name)?.length ?? 0) < count);
  return {
    problems: [
      ...grown.map(([name, count]) => {
        const imports = now.get(name) ?? [];
        return `${name}: ${imports.length} imports where ${count} are listed: ${imports.map(describe).join("; ")}`;
      }),
      ...shrunk.map(
        ([name, count]) =>
          `${name}: ${now.get(name)?.length ?? 0} imports where ${count} are listed: shrink the list with --shrink`,
      ),
    ],
    exceptions: Object.fromEntries(
      entries
        .map(([name, count]) => [name, Math.min(count, now.get(name)?.length ?? 0)] as const)
        .filter(([, count]) => count > 0),
    ),
  };
}

type Edge = { from: string; to: string };
const describe = (edge: Edge | undefined) => (edge === undefined ? "" : `${edge.from} imports ${edge.to}`);
