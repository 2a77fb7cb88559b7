import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { endedWell } from "@tac8/core/domain/states";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import type { Life } from "./app.ts";
import type { SoakIssue } from "./soakIssues.ts";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly name: string;
}

/** Return live processes of agents, found by tac8's marker or by a working folder below the data folder. */
export function liveAgents(home: string, witness: string): string[] {
  return processes()
    .filter(({ pid, state }) => state !== "Z" && (isMarked(pid, witness) || cwdOf(pid).startsWith(`${home}/`)))
    .map(({ pid, name }) => `process ${pid} (${name}) in ${cwdOf(pid)}`);
}

/** Return zombies: exited children of these parents that were never waited for. */
export function zombies(parents: readonly number[]): string[] {
  return processes()
    .filter(({ state, parent }) => state === "Z" && parents.includes(parent))
    .map(({ pid, name, parent }) => `zombie ${pid} (${name}) of ${parent}`);
}

/** Files and folders of the data folder that should have been removed with their issue or process. `quarantined`: issues whose files may stay. */
export async function leftFiles(
  home: string,
  opened: readonly SoakIssue[],
  quarantined: ReadonlySet<number> = new Set(),
): Promise<string[]> {
  const ended = new Set(opened.filter(({ state }) => endedWell(state?.state ?? null)).map(({ number }) => number));
  const entries = await readdir(home, { recursive: true }).catch(() => []);
  return entries.filter((entry) => isLeft(entry, { ended, quarantined })).map((entry) => join(home, entry));
}

/** Time in ms after the last log line. A process that stays longer has an open timer or connection; it exits by force after 2 s. */
const SLOW_EXIT_MS = 1500;

/** Return processes of runners that stayed after they had closed, because of a timer or a connection. `log`: JSON lines. Pure. */
export function slowExits(name: string, log: string, lives: readonly Life[]): string[] {
  const closed = log
    .split("\n")
    .filter((line) => line.includes('"runner closed"'))
    .map((line) => JSON.parse(line) as { pid: number; time: number });
  return lives.flatMap(({ pid, end }) => {
    const last = closed.findLast((line) => line.pid === pid);
    const stayed = last === undefined || end === null ? 0 : end.at - last.time;
    return stayed < SLOW_EXIT_MS ? [] : [`a timer or connection of ${name} (${pid}), which stayed for ${stayed} ms`];
  });
}

/** Return jobs that are still locked when no runner is left. */
export async function lockedJobs(redis: Redis): Promise<string[]> {
  return (await redis.keys(`bull:${QUEUE_NAME}:*:lock`)).map((key) => `the lock ${key}`);
}

/** Pure. */
function isLeft(
  entry: string,
  { ended, quarantined }: Readonly<Record<"ended" | "quarantined", ReadonlySet<number>>>,
): boolean {
  const workspace = /^workspaces\/[^/]+\/[^/]+\/(trees|git|prompts|tmp)\/gh-(\d+)([^/]*)$/.exec(entry);
  if (workspace !== null) {
    const [, kind, number, rest = ""] = workspace;
    if (rest.includes(".kept-")) return !quarantined.has(Number(number));
    return kind === "tmp" || rest.includes(".new") || ended.has(Number(number));
  }
  const notes = /^issues\/[^/]+\/[^/]+\/gh-(\d+)(\.lock)?$/.exec(entry);
  if (notes !== null) return ended.has(Number(notes[1]));
  if (/^runs\/slot-\d+\.json/.test(entry)) return true;
  if (/\.incoming\/[^/]+$/.test(entry)) return true;
  return /(index|HEAD|config|packed-refs|shallow|\/refs\/.*)\.lock$/.test(entry);
}

function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = read(`/proc/${name}/stat`);
      const close = stat.lastIndexOf(")");
      const [state = "", parent = ""] = stat.slice(close + 2).split(" ");
      if (stat === "") return [];
      return [{ pid: Number(name), parent: Number(parent), state, name: stat.slice(stat.indexOf("(") + 1, close) }];
    });
}

function isMarked(pid: number, witness: string): boolean {
  const environment = read(`/proc/${pid}/environ`).split("\0");
  return environment.includes(`TAC8_WITNESS=${witness}`) && environment.some((entry) => entry.startsWith("TAC8_RUN="));
}

function cwdOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ""; // The process has exited, or is a kernel thread.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // The process has exited meanwhile.
  }
}
