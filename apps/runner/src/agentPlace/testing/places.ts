import { directPlace } from "../direct.ts";
import type { PlaceGit } from "../gitCommand.ts";
import { spawned } from "../helper/child.ts";
import { HELPER_PROGRAM, startPlaceHelper } from "../helper/client.ts";
import { helperPlace } from "../helper/place.ts";
import type { AgentPlace } from "../place.ts";

/** Places of one kind, which are closed together. The places of a helper share it. */
export interface Places {
  open(options: PlaceGit): AgentPlace;
  close(): Promise<void>;
}

export const PLACE_KINDS = ["direct", "helper"] as const;
export type PlaceKind = (typeof PLACE_KINDS)[number];

/** Create places of a kind. A `helper` runs without a sandbox. */
export function createPlaces(kind: PlaceKind): Places {
  if (kind === "direct") return { open: directPlace, close: async () => undefined };
  const helper = startPlaceHelper({ start: () => spawned({ command: HELPER_PROGRAM, env: {} }) });
  return {
    open: (options) =>
      helperPlace({ ...options, helper, isRoot: true, startAgent: () => Promise.reject(new Error("no agent here")) }),
    close: () => helper.close(),
  };
}
