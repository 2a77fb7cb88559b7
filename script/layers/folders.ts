import { dirname } from "node:path";
import type { Import } from "./imports.ts";

/** The imports from one folder into another one, by `edgeName`. */
export type FolderGraph = ReadonlyMap<string, { from: string; to: string; imports: readonly Import[] }>;

/** `agent -> host`; the source folder itself is `.`. */
export const edgeName = (from: string, to: string) => `${from} -> ${to}`;

/** Group imports by the folders of their files. Imports within one folder are left out. */
export function folderGraph(imports: readonly Import[]): FolderGraph {
  const graph = new Map<string, { from: string; to: string; imports: Import[] }>();
  for (const one of imports) {
    const [from, to] = [dirname(one.from), dirname(one.to)];
    if (from === to) continue;
    const name = edgeName(from, to);
    const edge = graph.get(name) ?? { from, to, imports: [] };
    edge.imports.push(one);
    graph.set(name, edge);
  }
  return graph;
}

/** Return one shortest cycle of folders, with its first folder again at the end, or null if there is none. */
export function findCycle(graph: FolderGraph): string[] | null {
  const cycles = [...graph.values()].flatMap(({ from, to }) => {
    const path = shortestPath(graph, to, from);
    return path === null ? [] : [[from, ...path]];
  });
  return cycles.reduce<string[] | null>((best, one) => (best === null || one.length < best.length ? one : best), null);
}

/** Return the folders on a shortest path from one folder to another, both included, or null if there is no path. */
function shortestPath(graph: FolderGraph, from: string, to: string): string[] | null {
  const before = new Map<string, string | null>([[from, null]]);
  for (const at of before.keys()) {
    if (at === to) return wayTo(before, to);
    for (const edge of graph.values()) if (edge.from === at && !before.has(edge.to)) before.set(edge.to, at);
  }
  return null;
}

function wayTo(before: ReadonlyMap<string, string | null>, to: string): string[] {
  const previous = before.get(to) ?? null;
  return previous === null ? [to] : [...wayTo(before, previous), to];
}
