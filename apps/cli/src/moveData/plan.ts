/**
 * One end of a move as it is on the disk.
 *
 * `none`: nothing there, or an empty folder. `data`: a data folder. `moving`: a data folder that says that it is being moved (the
 * file `moving.json`); its source has that from before the first step until it is gone. `copied`: the new place on another file system,
 * with a complete and compared copy.
 */
export type EndState = "none" | "data" | "moving" | "copied";

export type MovePlan =
  | { readonly do: "move" }
  /** The data is at its new place: remove what is left of the old one, repair the paths inside, take the mark away. */
  | { readonly do: "finish" }
  | { readonly do: "nothing" }
  | { readonly do: "refuse" };

/** Pure. What an interrupted move left is decided here: data is removed only where a compared copy of it is complete. */
export function planMove({ source, target }: { readonly source: EndState; readonly target: EndState }): MovePlan {
  if (target === "copied") return { do: "finish" };
  if (source === "none") return { do: target === "moving" ? "finish" : "nothing" };
  // An incomplete copy beside its source is made again; other data is never replaced.
  if (target === "data" || (target === "moving" && source !== "moving")) return { do: "refuse" };
  return { do: "move" };
}
