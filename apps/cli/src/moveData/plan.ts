/**
 * The state of one of the two folders of a move.
 *
 * `none`: the folder is missing or empty. `data`: a data folder. `moving`: a data folder that is being moved (it has the file
 * `moving.json`); the source has this state from before the first step until it is removed. `copied`: the new folder on another
 * file system, with a complete and compared copy.
 */
export type FolderState = "none" | "data" | "moving" | "copied";

export type MovePlan =
  | { readonly do: "move" }
  /** The data is in the new folder: remove the rest of the old one, repair the paths inside, and remove the mark. */
  | { readonly do: "finish" }
  | { readonly do: "nothing" }
  | { readonly do: "refuse" };

/** Decide how to move, or how to continue an interrupted move. Pure. Data is removed only if a compared copy of it is complete. */
export function planMove({ source, target }: { readonly source: FolderState; readonly target: FolderState }): MovePlan {
  if (target === "copied") return { do: "finish" };
  if (source === "none") return { do: target === "moving" ? "finish" : "nothing" };
  // An incomplete copy is replaced if its source still exists; other data is never replaced.
  if (target === "data" || (target === "moving" && source !== "moving")) return { do: "refuse" };
  return { do: "move" };
}
