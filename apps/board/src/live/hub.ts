import type { Request, Response } from "express";
import type { ThrottledLog } from "@tac8/core/log/throttleLog";
import type { Html } from "../pages/html.ts";
import { RedisUnreachable } from "../redis/unreachable.ts";
import { problemPage } from "../pages/problem.ts";

/** One element of a page, identified by its id. */
export interface Fragment {
  readonly id: string;
  readonly html: Html;
  /** Id of the element to which the fragment is added if the page does not have it yet. */
  readonly into?: string;
  /** Time of the newest content, in epoch ms. A viewer whose page is newer does not get the fragment at first. */
  readonly newest?: number;
  /** A change of the version sends the fragment again even if its HTML is the same. */
  readonly version?: string;
}

/** The content that all viewers of one page share. */
export interface Topic {
  readonly key: string;
  /** Time between two reads, in ms. */
  readonly every: number;
  /** Read all fragments. Called once for all viewers. */
  readonly read: () => Promise<readonly Fragment[]>;
}

export interface Viewer {
  readonly request: Request;
  readonly response: Response;
  /** Time of the newest content in the viewer's page, in epoch ms. */
  readonly after?: number;
}

export interface LiveHub {
  /** Send the topic's fragments, and then each change, until the viewer disconnects or the hub closes. */
  watch(viewer: Viewer, topic: Topic): void;
  /** Number of open streams. */
  readonly size: number;
  /** End all streams. */
  close(): void;
}

export interface HubOptions {
  readonly log: ThrottledLog;
  readonly maxStreams?: number;
}

const MAX_STREAMS = 50;
/** Interval of comment lines in the stream, by which both sides detect a lost connection. */
const HEARTBEAT_MS = 15_000;
/** Maximum amount of unread data before a viewer that does not read is disconnected. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** The viewers of one topic. The topic is read while there are viewers. The room is removed with its last viewer. */
interface Room {
  readonly topic: Topic;
  readonly viewers: Set<Viewer>;
  /** The fragments that were sent last, by id; null before the first read. */
  known: ReadonlyMap<string, Fragment> | null;
  unreachable: boolean;
  timer: NodeJS.Timeout | null;
}

export function createLiveHub({ log, maxStreams = MAX_STREAMS }: HubOptions): LiveHub {
  const rooms = new Map<string, Room>();
  let open = 0;
  let closed = false;
  const heartbeat = setInterval(() => {
    for (const { viewers } of rooms.values()) for (const viewer of viewers) send(viewer, ": here\n\n");
  }, HEARTBEAT_MS);

  async function check(room: Room): Promise<void> {
    room.timer = null;
    if (room.viewers.size === 0) {
      if (rooms.get(room.topic.key) === room) rooms.delete(room.topic.key);
      return;
    }
    try {
      const fragments = await room.topic.read();
      if (room.unreachable) sendTo(room.viewers, event("state", "live"));
      room.unreachable = false;
      const before = room.known;
      room.known = new Map(fragments.map((fragment) => [fragment.id, fragment]));
      if (before === null) for (const viewer of room.viewers) welcome(viewer, fragments);
      else {
        const changed = fragments.filter((fragment) => !isSame(fragment, before.get(fragment.id)));
        sendTo(room.viewers, changed.map(part).join(""));
      }
    } catch (error) {
      if (!room.unreachable) sendTo(room.viewers, event("state", "redis-unreachable"));
      room.unreachable = true;
      if (!(error instanceof RedisUnreachable))
        log("error", { err: error }, `live ${room.topic.key}: ${String(error)}`);
    }
    if (!closed) room.timer = setTimeout(() => void check(room), room.topic.every);
  }

  function enter(viewer: Viewer, topic: Topic): Room {
    const there = rooms.get(topic.key);
    if (there !== undefined) {
      there.viewers.add(viewer);
      if (there.known !== null) welcome(viewer, [...there.known.values()]);
      if (there.unreachable) send(viewer, event("state", "redis-unreachable"));
      return there;
    }
    const fresh: Room = { topic, viewers: new Set([viewer]), known: null, unreachable: false, timer: null };
    rooms.set(topic.key, fresh);
    void check(fresh);
    return fresh;
  }

  return {
    get size() {
      return open;
    },
    watch(viewer, topic) {
      const { request, response } = viewer;
      // The viewer disconnected while its page was read, so its "close" event is already over.
      if (response.destroyed) return;
      if (closed || open >= maxStreams) {
        response.set("retry-after", "10");
        problemPage(response, {
          status: 503,
          title: "Too many viewers",
          message: "Too many pages are open with live updates.",
        });
        return;
      }
      response.status(200).set({ "content-type": "text/event-stream", "x-accel-buffering": "no" });
      if (request.method === "HEAD") {
        response.end();
        return;
      }
      response.write(event("state", "live"));
      open += 1;
      const room = enter(viewer, topic);
      response.once("close", () => {
        open -= 1;
        room.viewers.delete(viewer);
      });
    },
    close() {
      closed = true;
      clearInterval(heartbeat);
      for (const room of rooms.values()) {
        if (room.timer !== null) clearTimeout(room.timer);
        for (const { response } of room.viewers) response.end();
        room.viewers.clear();
      }
      rooms.clear();
    },
  };
}

function isSame(a: Fragment, b: Fragment | undefined): boolean {
  return a.html.text === b?.html.text && a.version === b.version;
}

/** Send the fragments that the viewer's page does not have yet, including those of the millisecond at which its content ends. */
function welcome(viewer: Viewer, fragments: readonly Fragment[]): void {
  const after = viewer.after ?? 0;
  const unseen = fragments.filter(({ newest }) => newest === undefined || newest >= after);
  send(viewer, unseen.map(part).join(""));
}

function sendTo(viewers: ReadonlySet<Viewer>, text: string): void {
  for (const viewer of viewers) send(viewer, text);
}

function send({ response }: Viewer, text: string): void {
  if (text === "" || response.writableEnded || response.destroyed) return;
  response.write(text);
  if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
}

function part({ id, html, into }: Fragment): string {
  return event("part", { id, into, html: html.text });
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
