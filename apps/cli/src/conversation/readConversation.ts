import type { LiveEvent } from "@tac8/core/conversation/event";
import { readRunLog, runLogPath } from "@tac8/core/conversation/runLog";
import { countDropped, readRunStream, RUN_STREAM_SECONDS } from "@tac8/core/conversation/stream";
import type { IssueRef } from "@tac8/core/domain/reference";
import { createRedactor } from "@tac8/core/log/redact";
import type { AgentRun } from "@tac8/core/state/issueState";
import type { Redis } from "ioredis";
import { Problem } from "../problems/problem.ts";
import type { Installation } from "../installation/locate.ts";

const PAGE = 500;
/** Enough pages, because the stream has about a thousand events. */
const MAX_PAGES = 10;

export interface ReadOptions {
  /** Borrowed. */
  readonly redis: Redis;
  readonly installation: Pick<Installation, "homes" | "config">;
  readonly ref: IssueRef;
  readonly run: AgentRun;
  readonly detailed: boolean;
  /** Epoch ms. */
  readonly now: number;
}

export interface Conversation {
  readonly events: readonly LiveEvent[];
  /** `stream`: shortened, from Redis; `log`: the raw log on this machine. */
  readonly source: "stream" | "log";
  /** A note about missing events, and where they are; null: none are missing. */
  readonly note: string | null;
}

/**
 * Read the conversation of a run up to now: from the live stream, or from the raw log if `detailed` or if the stream has lost
 * events. @throws Problem if neither exists any more
 */
export async function readConversation(options: ReadOptions): Promise<Conversation> {
  const { redis, run, detailed, now } = options;
  const [events, dropped] = await Promise.all([readStream(redis, run.run), countDropped(redis, run.run)]);
  const log = detailed || dropped > 0 || events.length === 0 ? await readLog(options) : null;
  if (log !== null) {
    const note = log.left > 0 ? `the first ${log.left} events are not shown: see the file` : null;
    return { events: log.events, source: "log", note };
  }
  if (events.length === 0 && now - Date.parse(run.at) > RUN_STREAM_SECONDS * 1000) {
    throw new Problem(
      `the conversation of run ${run.n} is no longer in Redis, and its log is not on this machine: run this command on ${hostOf(run)}`,
    );
  }
  return { events, source: "stream", note: noteOf({ dropped, detailed, run }) };
}

/** Return the paths at which the raw log may be on this machine. */
export function logPaths({ installation, ref, run }: Pick<ReadOptions, "installation" | "ref" | "run">): string[] {
  return installation.homes.map((dataFolder) => runLogPath(dataFolder, ref, run.run));
}

/** Return the host of a runner: `pi-1` for `pi-1/0`. */
export function hostOf({ runner }: AgentRun): string {
  return runner.replace(/\/\d+$/, "");
}

/** Return a function that redacts secrets in an event, because the raw log is not redacted. */
export function redactor({ config }: Pick<Installation, "config">): (event: LiveEvent) => LiveEvent {
  const redact = createRedactor(config?.secrets.values ?? []);
  return (event) => {
    const todo = event.todo?.map((item) => ({ ...item, text: redact(item.text) }));
    return { ...event, text: redact(event.text), ...(todo !== undefined && { todo }) };
  };
}

function noteOf(given: {
  readonly dropped: number;
  readonly detailed: boolean;
  readonly run: AgentRun;
}): string | null {
  const { dropped, detailed, run } = given;
  const where = `the raw log on ${hostOf(run)}`;
  if (dropped > 0) return `the first ${dropped} events${detailed ? " and complete results" : ""} are only in ${where}`;
  return detailed ? `results are shortened here: complete results are in ${where}` : null;
}

async function readStream(redis: Redis, run: string): Promise<LiveEvent[]> {
  const events: LiveEvent[] = [];
  let after = "0";
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const next = await readRunStream(redis, { run, after, count: PAGE });
    events.push(...next.events);
    if (next.last === after) break;
    after = next.last;
  }
  return events;
}

async function readLog(options: ReadOptions) {
  const { installation, run, detailed } = options;
  for (const path of logPaths(options)) {
    const log = await readRunLog(path, { detailed, startedAt: Date.parse(run.at) });
    if (log !== null) return { ...log, events: log.events.map(redactor(installation)) };
  }
  return null;
}
