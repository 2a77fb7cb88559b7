import { KEEP_ENDED_SECONDS } from "@tac8/core/state/issueStore";

/**
 * Kinds of files in the data folder. `put-aside`: a workspace that a run could not use; `notes`: tac8's notes about a
 * workspace that is missing; `prompt`: a prompt of an older version, which kept prompts elsewhere; `temporary`: files that
 * an agent's program left; `incoming`: a throwaway repository of a run that was killed.
 */
export type ItemKind = "workspace" | "put-aside" | "notes" | "session" | "prompt" | "log" | "temporary" | "incoming";

export interface Item {
  readonly kind: ItemKind;
  /** Files and folders that go together. */
  readonly paths: readonly string[];
  /** Job id; null where it belongs to a run alone. */
  readonly issue: string | null;
  /** The run that made it, with kind `incoming`. */
  readonly run: string | null;
  /** Epoch ms. */
  readonly changedAt: number;
}

/**
 * Only of an ended issue is anything removed. `unknown`: Redis was emptied, or has forgotten an issue that ended long ago. It counts
 * as in use until its files have not changed for as long as Redis remembers an ended issue.
 */
export type IssueUse = { readonly use: "ended"; readonly since: number } | { readonly use: "live" | "unknown" };

export interface JanitorSnapshot {
  readonly items: readonly Item[];
  readonly issues: ReadonlyMap<string, IssueUse>;
  /** Runs of this data folder; null: they could not be read. */
  readonly liveRuns: ReadonlySet<string> | null;
  readonly freeBytes: number;
}

export interface JanitorLimits {
  readonly workspacesMs: number;
  readonly logsMs: number;
  /** 0: never under pressure. */
  readonly minFreeBytes: number;
}

export interface JanitorPlan {
  /** Their time is over. */
  readonly due: readonly Item[];
  /** One after the other for as long as the disk is short. */
  readonly spare: readonly Item[];
  readonly inUse: number;
}

/** For files that should have been removed when their run ended. */
const LEFTOVER_MS = 3_600_000;
const FORGOTTEN_MS = KEEP_ENDED_SECONDS * 1000;

/** Pure. Both lists are oldest first. Whether work is on GitHub is asked before each removal, not here. */
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

/** Epoch ms since when nobody uses it; null: somebody does, or nobody knows. */
function freeSince({ issue, run, changedAt }: Item, { issues, liveRuns }: JanitorSnapshot, now: number): number | null {
  if (run !== null) return liveRuns === null || liveRuns.has(run) ? null : changedAt;
  const use = issue === null ? undefined : issues.get(issue);
  if (use?.use === "unknown") return now - changedAt >= FORGOTTEN_MS ? changedAt + FORGOTTEN_MS : null;
  return use?.use === "ended" ? Math.max(changedAt, use.since) : null;
}

function keptFor(kind: ItemKind, { workspacesMs, logsMs }: JanitorLimits): number {
  switch (kind) {
    case "workspace":
    case "put-aside":
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
