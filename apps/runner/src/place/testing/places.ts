import { startAgent } from "../../agent/start.ts";
import { directPlace } from "../direct.ts";
import type { PlaceGit } from "../gitCommand.ts";
import { HELPER_PROGRAM, startPlaceHelper } from "../helper/client.ts";
import { helperPlace } from "../helper/place.ts";
import type { AgentPlace } from "../place.ts";

/** Places of one kind, which are closed together. */
export interface Places {
  open(options: PlaceGit): AgentPlace;
  close(): Promise<void>;
}

export const PLACE_KINDS = ["direct", "helper"] as const;
export type PlaceKind = (typeof PLACE_KINDS)[number];

/** `helper`: each place has a helper of its own, without a sandbox. */
export function createPlaces(kind: PlaceKind): Places {
  const close: (() => Promise<void>)[] = [];
  return {
    open(options) {
      if (kind === "direct") return directPlace(options);
      const helper = startPlaceHelper({ command: HELPER_PROGRAM, env: {} });
      close.push(() => helper.close());
      return helperPlace({ ...options, helper, startAgent });
    },
    async close() {
      await Promise.all(close.splice(0).map((one) => one()));
    },
  };
}
