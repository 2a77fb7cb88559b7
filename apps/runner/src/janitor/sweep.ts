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
import type { OpenSide } from "../place/side.ts";
import { killSurvivors } from "../process/survivors.ts";
import { parseLive } from "../slots/slots.ts";
import { Mirror } from "../workspace/mirror.ts";
import { mirrorPaths } from "../workspace/paths.ts";
import { findItems, type Sides } from "./find.ts";
import { useOf } from "./issues.ts";
import { planJanitor, type IssueUse, type Item, type JanitorSnapshot } from "./plan.ts";
import { onceEach, removeItem, type RemovalOptions } from "./removal.ts";
import { findSessions } from "./sessions.ts";

/** All borrowed. */
export interface JanitorServices {
  readonly config: Config;
  readonly store: IssueStore;
  readonly queue: Queue;
  readonly redis: Redis;
  readonly log: Logger;
  readonly now: () => number;
  /** Borrowed. */
  readonly tokens: GitHubTokens;
  /** The runner's name, for the event log. */
  readonly name: string;
  readonly openSide: OpenSide;
  readonly signal: AbortSignal;
  /** Health asks for room. */
  readonly urgent?: boolean;
  /** Bytes that the data folder's disk has left. */
  readonly freeBytes?: () => Promise<number>;
  /** Only says what it would remove. */
  readonly dryRun?: boolean;
}

export interface Removed {
  readonly item: Item;
  /** Its time was over, or the disk was short. */
  readonly why: "age" | "pressure";
  /** On the disk. */
  readonly bytes: number;
}

export interface SweepReport {
  readonly removed: readonly Removed[];
  /** Why what was due is still there. */
  readonly kept: readonly { readonly item: Item; readonly reason: string }[];
}

const DAY_MS = 24 * 3_600_000;
const GB = 1e9;
/** The next round takes the rest. */
const MAX_AT_ONCE = 500;

/** One round: looks, plans, removes; and says what it removed. @throws when Redis or the disk cannot be read. */
export async function sweep(services: JanitorServices): Promise<SweepReport> {
  const { config, log, now, signal, dryRun = false } = services;
  const freeBytes = services.freeBytes ?? (() => freeOf(config.home));
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
      log.info({ kind, issue, paths, why, changed: new Date(item.changedAt).toISOString() }, "the janitor removed it");
    } else {
      kept.push({ item, reason });
      log.debug({ kind, issue, paths, why }, `the janitor kept it: ${reason}`);
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
    // A filter of the agent's settings may have left something running.
    await killSurvivors({ runId: marker, except: [process.pid] });
    if (removed.length > 0 && !dryRun) await record(services, removed, kept.length);
  }
  return { removed, kept };
}

/** In GB. Somewhat more than where health calls a disk short: else it would stay so. */
function roomWanted({ config: { janitor, host }, urgent = false }: JanitorServices): number {
  if (janitor.min_free_gb === 0 || !urgent) return janitor.min_free_gb;
  return Math.max(janitor.min_free_gb, hostThresholds(host).diskGb.half * (1 + 2 * EASE));
}

/** Throwaway repositories before live runs: whichever is there then either has its run among them, or has none. */
async function check(
  { config, store, queue }: JanitorServices,
  sides: Sides,
  freeBytes: number,
): Promise<JanitorSnapshot> {
  const { home, agentEnv, worktree } = config;
  const items = await findItems(sides, home, worktree.base_dir);
  items.push(...(await findSessions(sides, { home, baseDir: worktree.base_dir, env: agentEnv })));
  const issues = new Map<string, IssueUse>();
  for (const id of new Set(items.map(({ issue }) => issue).filter((id) => id !== null))) {
    issues.set(id, await useOf({ store, queue }, id));
  }
  return { items, issues, liveRuns: await liveRuns(home), freeBytes };
}

/** Null where a slot's note cannot be understood. */
async function liveRuns(home: string): Promise<ReadonlySet<string> | null> {
  const folder = join(home, "runs");
  const runs = new Set<string>();
  for (const name of await readdir(folder)) {
    if (!/^slot-\d+\.json$/.test(name)) continue;
    const text = await readFile(join(folder, name), "utf8").catch(() => null);
    if (text === null) continue; // Its run has just ended.
    const live = parseLive(text);
    if (live === null) return null;
    runs.add(live.run);
  }
  return runs;
}

function removalOptions(
  { config, store, queue, openSide, signal, tokens, dryRun = false }: JanitorServices,
  marker: string,
): RemovalOptions {
  const { home, worktree, github } = config;
  const env = { ...config.agentEnv, [RUN_MARKER]: marker };
  return {
    home,
    baseDir: worktree.base_dir,
    dryRun,
    source: { store, queue },
    own: localFiles,
    place: localFiles,
    openSide,
    env,
    signal,
    freshMirror: onceEach(async (ref) => {
      const paths = mirrorPaths(home, ref);
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
