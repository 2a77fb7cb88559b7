import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { IssueRef } from "../domain/reference.ts";
import { clip } from "../domain/plainText.ts";
import { ClaudeReader } from "./claude.ts";
import type { LiveEvent } from "./event.ts";
import { asString, parseEvent } from "./json.ts";
import { createLineSplitter, type Line } from "./lines.ts";
import { cleanEvent, shortenEvent } from "./shorten.ts";

const CHUNK_BYTES = 256 * 1024;
/** Maximum number of events of a log; the newest are kept. */
const MAX_EVENTS = 20_000;
/** Maximum number of characters of one event, and of all events together, if they are not shortened. */
const MAX_WHOLE = 2_000_000;
const MAX_WHOLE_SUM = 64_000_000;

/** Return the path of a run's raw log. Folders are in lower case like job ids, because GitHub ignores case and file systems do not. */
export function runLogPath(dataFolder: string, { owner, repo, number }: IssueRef, runId: string): string {
  return join(dataFolder, "logs", owner.toLowerCase(), repo.toLowerCase(), `gh-${number}`, `${runId}.jsonl`);
}

export interface RunLogOptions {
  /** Return complete texts and complete inputs of tools. Otherwise each event is shortened to 2 kB. */
  readonly detailed: boolean;
  /** Epoch ms for events before the first time stamp. */
  readonly startedAt: number;
}

/** A raw log that is read while it grows. */
export interface RunLog {
  /** Return the next events, at most a bounded number; an empty list: no complete event was added. */
  next(): Promise<LiveEvent[]>;
  /** Return the remaining events at the end of the log. */
  end(): LiveEvent[];
  close(): Promise<void>;
}

/** Open a raw log; null: the file does not exist. */
export async function openRunLog(path: string, options: RunLogOptions): Promise<RunLog | null> {
  const file = await openOrNull(path);
  if (file === null) return null;
  const lines = createLineSplitter();
  const reader = new LogLines(options);
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let position = 0;
  return {
    async next() {
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
        if (bytesRead === 0) return [];
        position += bytesRead;
        const events = lines.push(chunk.subarray(0, bytesRead)).flatMap((line) => reader.read(line));
        if (events.length > 0) return events;
      }
    },
    end: () => [...lines.end().flatMap((line) => reader.read(line)), ...reader.end()],
    close: () => file.close(),
  };
}

/**
 * Read a complete raw log: its newest 20,000 events, and the number of omitted older ones. Null: the file does not exist. With `detailed`,
 * texts are complete up to 2 million characters each and 64 million together.
 */
export async function readRunLog(
  path: string,
  options: RunLogOptions,
): Promise<{ readonly events: LiveEvent[]; readonly left: number } | null> {
  const log = await openRunLog(path, options);
  if (log === null) return null;
  const events: LiveEvent[] = [];
  let left = 0;
  let characters = 0;
  const keep = (more: readonly LiveEvent[]): void => {
    for (const event of more) {
      const whole = characters + event.text.length <= MAX_WHOLE_SUM;
      events.push(whole ? event : shortenEvent(event));
      characters += event.text.length;
    }
    if (events.length < 2 * MAX_EVENTS) return;
    left += events.splice(0, events.length - MAX_EVENTS).length;
  };
  try {
    for (let more = await log.next(); more.length > 0; more = await log.next()) keep(more);
    keep(log.end());
  } finally {
    await log.close();
  }
  left += events.splice(0, Math.max(0, events.length - MAX_EVENTS)).length;
  return { events, left };
}

/** Converts lines of a log to events, each with the newest time so far. */
class LogLines {
  readonly #detailed: boolean;
  readonly #reader: ClaudeReader;
  #at: number;
  /** Whether the lines are events of Claude. The first object decides. */
  #claude: boolean | null = null;

  constructor({ detailed, startedAt }: RunLogOptions) {
    this.#detailed = detailed;
    this.#reader = new ClaudeReader({ whole: detailed });
    this.#at = startedAt;
  }

  read({ text, cut }: Line): LiveEvent[] {
    const event = cut || this.#claude === false ? null : parseEvent(text);
    if (event !== null) this.#claude ??= asString(event["session_id"]) !== null;
    if (event === null || this.#claude !== true) {
      return text.trim() === "" ? [] : this.#show([{ at: this.#at, kind: "output", text }]);
    }
    const events = this.#reader.read(event, this.#at);
    for (const { at } of events) this.#at = Math.max(this.#at, at);
    return this.#show(events);
  }

  end(): LiveEvent[] {
    return this.#show(this.#reader.end(this.#at));
  }

  #show(events: readonly LiveEvent[]): LiveEvent[] {
    if (!this.#detailed) return events.map(shortenEvent);
    return events.map((event) => cleanEvent({ ...event, text: clip(event.text, MAX_WHOLE) }));
  }
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return null;
    throw error;
  }
}
