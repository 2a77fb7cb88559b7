import type { AppSpec } from "../context/context.ts";

/** The apps in the order of their start. */
export const APPS: readonly AppSpec[] = [
  { name: "scheduler", entry: new URL("../../../scheduler/src/main.ts", import.meta.url) },
  { name: "runner", entry: new URL("../../../runner/src/main.ts", import.meta.url) },
  { name: "board", entry: new URL("../../../board/src/main.ts", import.meta.url) },
];

/** The local GitHub of the demo. */
export const LOCAL_GITHUB: AppSpec = {
  name: "github",
  entry: new URL("../../../../packages/sandbox/src/github/server/main.ts", import.meta.url),
  irreplaceable: "the demo's GitHub exited, and its issues are lost: start the demo again",
};

/** The order in which apps stop, so that none uses one that has already stopped. Redis stops last. */
const STOP_ORDER: readonly string[] = ["board", "scheduler", "runner", "github"];

export function inStopOrder<T extends { readonly name: string }>(parts: readonly T[]): T[] {
  return parts.toSorted((a, b) => STOP_ORDER.indexOf(a.name) - STOP_ORDER.indexOf(b.name));
}

/** Return how long an app may take to stop before it is killed. The runner needs its grace to save the work of agents. */
export function stopLimitMs(name: string, graceSeconds: number): number {
  return name === "runner" ? (graceSeconds + 10) * 1000 : 15_000;
}
