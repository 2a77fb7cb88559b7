import { messageOf } from "@tac8/core/domain/messageOf";
import { randomUUID } from "node:crypto";
import { readdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import type { GitHubTokens } from "@tac8/core/github/tokens";
import { freeBytes } from "@tac8/core/domain/freeSpace";
import { EASE, hostThresholds } from "@tac8/core/domain/thresholds";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { gitUrl } from "@tac8/core/github/urls";
import type { Logger } from "@tac8/core/log/logger";
import { appendEvent } from "@tac8/core/state/events";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { localFiles } from "../files/local.ts";
import type { OpenAgentSide } from "../agentPlace/side.ts";
import { killSurvivors } from "../process/survivors.ts";
import { parseLive } from "../slots/slots.ts";
import { Mirror } from "../workspace/mirror.ts";
import { mirrorPaths } from "../workspace/paths.ts";
import { findItems, type Sides } from "./find.ts";
import { useOf } from "./issues.ts";
import { planJanitor, type IssueUse, type Item, type JanitorSnapshot } from "./plan.ts";
import { cachedPerRepository, removeItem, type RemovalOptions } from "./removal.ts";
import { findSessions } from "./sessions.ts";

/** Services that the janitor borrows. */
export interface JanitorServices {
  readonly config: Config;
  readonly store: IssueStore;
  readonly queue: Queue;
  readonly redis: Redis;
  readonly log: Logger;
  readonly now: () => number;
  /** Borrowed. */
  readonly tokens: GitHubTokens;
  /** Name of the runner, for the event log. */
  readonly name: string;
  readonly openAgentSide: OpenAgentSide;
  readonly signal: AbortSignal;
  /** Health reports low disk space. */
  readonly urgent?: boolean;
  /** Return the free bytes on the data folder's disk. */
  readonly freeBytes?: () => Promise<number>;
  /** Only return what would be removed. */
  readonly dryRun?: boolean;
}

export interface Removed {
  readonly item: Item;
  /** Its retention was over, or disk space was low. */
  readonly why: "age" | "pressure";
  /** Size on disk. */
  readonly bytes: number;
}

export interface SweepReport {
  readonly removed: readonly Removed[];
  /** Why items that were due are kept. */
  readonly kept: readonly { readonly item: Item; readonly reason: string }[];
}

const DAY_MS = 24 * 3_600_000;
const GB = 1e9;
/** Limit for one round; the next round removes the rest. */
const MAX_AT_ONCE = 500;

/** Run one round: check, plan, remove, and log what was removed. @throws if Redis or the disk cannot be read */
export async function sweep(services: JanitorServices): Promise<SweepReport> {
  const { config, log, now, signal, dryRun = false } = services;
  const freeBytes = services.freeBytes ?? (() => freeOf(config.dataFolder));
  const limits = {
    workspacesMs: config.janitor.keep_days_workspaces * DAY_MS,
    logsMs: config.janitor.keep_days_logs * DAY_MS,
    minFreeBytes: roomWanted(services) * GB,
  };
  const removed: Removed[] = [];
  const kept: { item: Item; reason: string }[] = [];
  const marker = randomUUID();
  const options = removalOptions(services, marker);
  const plan = planJanitor(await check(services, options, await freeBytes()), limits, now());
  const remove = async (item: Item, why: Removed["why"]): Promise<void> => {
    signal.throwIfAborted();
    const { kind, issue, paths } = item;
    const { reason, bytes } = await removeItem(item, options).catch((error: unknown) => {
      signal.throwIfAborted();
      return { reason: messageOf(error), bytes: 0 };
    });
    if (reason === null) {
      removed.push({ item, why, bytes });
      if (dryRun) return;
      log.info(
        { kind, issue, paths, why, changed: new Date(item.changedAt).toISOString() },
        "the janitor removed files",
      );
    } else {
      kept.push({ item, reason });
      log.debug({ kind, issue, paths, why }, `the janitor kept files: ${reason}`);
    }
  };
  try {
    for (const item of plan.due.slice(0, MAX_AT_ONCE)) await remove(item, "age");
    for (const item of plan.spare.slice(0, MAX_AT_ONCE)) {
      const wouldBeFree = dryRun ? removed.reduce((sum, { bytes }) => sum + bytes, 0) : 0;
      if ((await freeBytes()) + wouldBeFree >= limits.minFreeBytes) break;
      await remove(item, "pressure");
    }
  } finally {
    // A filter of the agent's settings may have left a process running.
    await killSurvivors({ runId: marker, except: [process.pid] });
    if (removed.length > 0 && !dryRun) await record(services, removed, kept.length);
  }
  return { removed, kept };
}

/**
 * Return the free space to reach, in GB: somewhat more than the limit of health, which would otherwise still report low
 * disk space.
 */
function roomWanted({ config: { janitor, host }, urgent = false }: JanitorServices): number {
  if (janitor.min_free_gb === 0 || !urgent) return janitor.min_free_gb;
  return Math.max(janitor.min_free_gb, hostThresholds(host).diskGb.half * (1 + 2 * EASE));
}

/**
 * Read the snapshot: the throwaway repositories before the live runs. Then a repository whose run is not among the live runs belongs
 * to a run that has finished.
 */
async function check(
  { config, store, queue }: JanitorServices,
  sides: Sides,
  freeBytes: number,
): Promise<JanitorSnapshot> {
  const { dataFolder, agentEnv, worktree } = config;
  const items = await findItems(sides, dataFolder, worktree.base_dir);
  items.push(...(await findSessions(sides, { dataFolder, baseDir: worktree.base_dir, env: agentEnv })));
  const issues = new Map<string, IssueUse>();
  for (const id of new Set(items.map(({ issue }) => issue).filter((id) => id !== null))) {
    issues.set(id, await useOf({ store, queue }, id));
  }
  return { items, issues, liveRuns: await liveRuns(dataFolder), freeBytes };
}

/** Return the live runs; null if the note of a slot cannot be parsed. */
async function liveRuns(dataFolder: string): Promise<ReadonlySet<string> | null> {
  const folder = join(dataFolder, "runs");
  const runs = new Set<string>();
  for (const name of await readdir(folder)) {
    if (!/^slot-\d+\.json$/.test(name)) continue;
    const text = await readFile(join(folder, name), "utf8").catch(() => null);
    if (text === null) continue; // The run has just ended.
    const live = parseLive(text);
    if (live === null) return null;
    runs.add(live.run);
  }
  return runs;
}

function removalOptions(
  { config, store, queue, openAgentSide, signal, tokens, dryRun = false }: JanitorServices,
  marker: string,
): RemovalOptions {
  const { dataFolder, worktree, github } = config;
  const env = { ...config.agentEnv, [RUN_MARKER]: marker };
  return {
    dataFolder,
    baseDir: worktree.base_dir,
    dryRun,
    source: { store, queue },
    own: localFiles,
    place: localFiles,
    openAgentSide,
    env,
    signal,
    freshMirror: cachedPerRepository(async (ref) => {
      const paths = mirrorPaths(dataFolder, ref);
      const url = gitUrl(github.api_url, ref);
      const mirror = new Mirror(paths, { url, tokens, mirrorDir: paths.dir, env });
      await mirror.refresh(signal);
      return mirror;
    }),
  };
}

async function record({ redis, name }: JanitorServices, removed: readonly Removed[], kept: number): Promise<void> {
  const counts: Record<string, number> = {};
  for (const { item } of removed) counts[item.kind] = (counts[item.kind] ?? 0) + 1;
  const words = Object.entries(counts).map(([kind, count]) => `${count} × ${kind}`);
  const reason = `the janitor removed ${words.join(", ")}`;
  await appendEvent(redis, {
    event: "janitor:cleaned",
    issue: "",
    from: "",
    by: `runner ${name}`,
    reason,
    evidence: { ...counts, kept },
  });
}

export async function freeOf(path: string): Promise<number> {
  return freeBytes(await statfs(path));
}
