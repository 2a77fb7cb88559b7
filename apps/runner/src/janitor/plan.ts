import { KEEP_ENDED_SECONDS } from "@tac8/core/state/issueStore";

/**
 * Kinds of files in the data folder. `quarantined`: a workspace that a run could not use; `notes`: tac8's notes about a
 * workspace that is missing; `prompt`: a prompt of an older version, which kept prompts elsewhere; `temporary`: files that
 * an agent's program left; `incoming`: a throwaway repository of a run that was killed.
 */
export type ItemKind = "workspace" | "quarantined" | "notes" | "session" | "prompt" | "log" | "temporary" | "incoming";

export interface Item {
  readonly kind: ItemKind;
  /** Files and folders that are removed together. */
  readonly paths: readonly string[];
  /** Job id; null: the item belongs to a run only. */
  readonly issue: string | null;
  /** The run that made it, with kind `incoming`. */
  readonly run: string | null;
  /** Epoch ms. */
  readonly changedAt: number;
}

/**
 * Whether an issue ended; only files of ended issues are removed. `unknown`: Redis has no record, because it was emptied or the
 * record has expired. The issue counts as in use until its files are unchanged for the lifetime of an ended issue's record.
 */
export type IssueUse = { readonly use: "ended"; readonly since: number } | { readonly use: "live" | "unknown" };

export interface JanitorSnapshot {
  readonly items: readonly Item[];
  readonly issues: ReadonlyMap<string, IssueUse>;
  /** Ids of live runs in this data folder; null: they could not be read. */
  readonly liveRuns: ReadonlySet<string> | null;
  readonly freeBytes: number;
}

export interface JanitorLimits {
  readonly workspacesMs: number;
  readonly logsMs: number;
  /** 0: items are never removed early because of low disk space. */
  readonly minFreeBytes: number;
}

export interface JanitorPlan {
  /** Items whose retention time is over. */
  readonly due: readonly Item[];
  /** Items that are removed one by one while disk space is low. */
  readonly spare: readonly Item[];
  readonly inUse: number;
}

/** Retention of files that should have been removed when their run ended. */
const LEFTOVER_MS = 3_600_000;
const FORGOTTEN_MS = KEEP_ENDED_SECONDS * 1000;

/** Return what may be removed. Both lists are oldest first. The janitor checks before each removal whether work is on GitHub. Pure. */
export function planJanitor(snapshot: JanitorSnapshot, limits: JanitorLimits, now: number): JanitorPlan {
  const free = snapshot.items.flatMap((item) => {
    const since = freeSince(item, snapshot, now);
    return since === null ? [] : [{ item, since }];
  });
  const inOrder = free.toSorted((a, b) => a.since - b.since);
  const isDue = ({ item, since }: { item: Item; since: number }) => now - since >= keptFor(item.kind, limits);
  const short = snapshot.freeBytes < limits.minFreeBytes;
  return {
    due: inOrder.filter(isDue).map(({ item }) => item),
    spare: short ? inOrder.filter((entry) => !isDue(entry)).map(({ item }) => item) : [],
    inUse: snapshot.items.length - free.length,
  };
}

/** Return since when an item is unused, in epoch ms; null if it is in use, or if this is unknown. */
function freeSince({ issue, run, changedAt }: Item, { issues, liveRuns }: JanitorSnapshot, now: number): number | null {
  if (run !== null) return liveRuns === null || liveRuns.has(run) ? null : changedAt;
  const use = issue === null ? undefined : issues.get(issue);
  if (use?.use === "unknown") return now - changedAt >= FORGOTTEN_MS ? changedAt + FORGOTTEN_MS : null;
  return use?.use === "ended" ? Math.max(changedAt, use.since) : null;
}

function keptFor(kind: ItemKind, { workspacesMs, logsMs }: JanitorLimits): number {
  switch (kind) {
    case "workspace":
    case "quarantined":
    case "notes":
    case "session":
    case "prompt":
      return workspacesMs;
    case "log":
      return logsMs;
    case "temporary":
    case "incoming":
      return LEFTOVER_MS;
    default:
      return kind satisfies never;
  }
}
