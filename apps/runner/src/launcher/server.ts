import { messageOf } from "@tac8/core/domain/messageOf";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import {
  MAX_LINE,
  type AgentIds,
  type LauncherResponse,
  type LauncherRequest,
} from "@tac8/core/isolation/launcher/protocol";
import { killAll, runAs, startAs } from "./children.ts";
import { Held } from "./held.ts";
import type { Identity } from "./identity.ts";
import { parseRequest, parseSignal } from "./request.ts";

export interface LauncherOptions {
  /** The user of tac8. */
  readonly user: Identity;
  readonly ids: AgentIds;
  /** Path of the socket. Its folder is created if it is missing. */
  readonly socket: string;
}

const MAX_CONNECTIONS = 1000;
const FIRST_LINE_MS = 60_000;
const STREAMS_MS = 60_000;
const COPY_MS = 30 * 60_000;

/**
 * Answer requests of tac8's user on a socket: see `LauncherRequest`. Files that this process creates get tac8's group,
 * and are not accessible to others; no agent is ever in that group.
 */
export async function serve({ user, ids, socket }: LauncherOptions): Promise<{ close(): Promise<void> }> {
  const held = new Held(user);
  const folder = dirname(socket);
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  rmSync(socket, { force: true });
  const server = createServer(
    { allowHalfOpen: true },
    (connection) => void attend(connection, { user, ids, folder, held }),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, socket);
  return {
    async close() {
      server.close();
      await held.leaveAll();
      rmSync(socket, { force: true });
    },
  };
}

interface Place {
  readonly user: Identity;
  readonly ids: AgentIds;
  /** Folder for the sockets of the streams. */
  readonly folder: string;
  readonly held: Held;
}

async function attend(connection: Socket, place: Place): Promise<void> {
  connection.on("error", () => connection.destroy());
  const lines = linesOf(connection);
  const say = (answer: LauncherResponse): void => {
    if (connection.writable) connection.write(`${JSON.stringify(answer)}\n`);
  };
  try {
    const late = setTimeout(() => connection.destroy(), FIRST_LINE_MS);
    const first = await lines.next();
    clearTimeout(late);
    if (first === null) return;
    await obey(parseRequest(first), { connection, lines, say, ...place });
  } catch (error) {
    say({ failed: messageOf(error) });
  } finally {
    connection.end();
  }
}

interface Attended extends Place {
  readonly connection: Socket;
  readonly lines: Lines;
  readonly say: (answer: LauncherResponse) => void;
}

async function obey(request: LauncherRequest, at: Attended): Promise<void> {
  const { user, ids, say, held, connection, lines } = at;
  const isAgents = (id: number): boolean => Number.isInteger(id) && id >= ids.first && id <= ids.last;
  const assertAgents = (...all: readonly number[]): void => {
    const other = all.find((id) => !isAgents(id));
    if (other !== undefined) throw new Error(`id ${other} is not one of ${ids.first} to ${ids.last}`);
  };
  switch (request.op) {
    case "hello":
      return say({ ids });
    case "try":
      await runAs({ uid: ids.last, gid: ids.last }, ["/bin/sh", "-c", "exit 0"]);
      return say({ done: true });
    case "make": {
      const { uid, path } = request;
      assertAgents(uid);
      // Only this short program of tac8 gets tac8's group. The folder keeps the group, so tac8 can list it.
      await runAs({ uid, gid: user.gid }, ["mkdir", "-m", "0710", "--", path]);
      return say({ done: true });
    }
    case "copy": {
      const { uid, from, to } = request;
      assertAgents(uid);
      const copy = ["cp", "-dR", "--preserve=mode,timestamps,links", "--", `${from}/.`, to];
      await runAs({ uid, gid: uid, groups: [user.gid] }, copy, { limitMs: COPY_MS, until: lines.ended });
      return say({ done: true });
    }
    case "share":
      assertAgents(request.gid);
      await runAs({ ...user, groups: [request.gid] }, ["chgrp", "--", String(request.gid), request.path]);
      return say({ done: true });
    case "hold":
      assertAgents(request.uid);
      await held.take(request.uid, request.lockFile, connection);
      say({ done: true });
      await lines.ended;
      // The caller waits for the end of the connection.
      return held.leave(request.uid, connection);
    case "run":
      assertAgents(request.uid, ...request.groups);
      return held.run(request.uid, (signal) => run(request, { ...at, signal }));
    default:
      return request satisfies never;
  }
}

interface Run extends Attended {
  /** Aborted when its user id is released and all processes of the user are killed. */
  readonly signal: AbortSignal;
}

/** Start a program. When it or the connection ends, kill all processes of its user. */
async function run(request: Extract<LauncherRequest, { op: "run" }>, at: Run): Promise<void> {
  const { say, lines, folder, signal } = at;
  const { uid, groups, program, env, cwd } = request;
  const streams = await openStreams(folder, { say: (path) => say({ streams: path }), signal });
  let child: ChildProcess;
  try {
    signal.throwIfAborted();
    child = startAs({ uid, gid: uid, groups }, program, { env, cwd, stdio: [...streams] });
  } finally {
    // The program has its own copies now.
    for (const stream of streams) stream.destroy();
  }
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  ended.catch(() => undefined);
  if (child.pid !== undefined) say({ started: { pid: child.pid } });
  const firm: ReturnType<typeof killAll>[] = [];
  let isOver = false;
  const killFirmly = (): void => {
    if (isOver || firm.length > 0) return;
    firm.push(killAll(uid));
    child.kill("SIGKILL"); // The process may not have changed its user yet.
  };
  signal.addEventListener("abort", killFirmly, { once: true });
  void (async () => {
    for (let line = await lines.next(); line !== null; line = await lines.next()) {
      if (
        parseSignal(line) === "SIGTERM" &&
        child.pid !== undefined &&
        child.exitCode === null &&
        child.signalCode === null
      )
        killOne(child.pid);
      else killFirmly();
    }
    killFirmly();
  })();
  const exit = await ended.finally(() => {
    // The end of the connection, which comes after the answer, must not affect the next program of the user.
    isOver = true;
    signal.removeEventListener("abort", killFirmly);
  });
  // The program itself does not count as a survivor.
  const before = (await Promise.all(firm)).reduce((sum, { killed }) => sum + Math.max(0, killed - 1), 0);
  const { killed, remaining } = await killAll(uid);
  say({ exit, survivors: before + killed, remaining });
}

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It has just exited.
  }
}

interface StreamOptions {
  /** Called with the path of the socket. */
  readonly say: (path: string) => void;
  readonly signal: AbortSignal;
}

/** Accept three connections, in the order in which they are made; no data is read. @throws the signal's reason */
async function openStreams(folder: string, { say, signal }: StreamOptions): Promise<[Socket, Socket, Socket]> {
  const own = mkdtempSync(join(folder, "streams-"));
  const path = join(own, "s");
  const taken: Socket[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    if (taken.push(socket) === 3) resolve();
  });
  const late = setTimeout(() => reject(new Error("the streams of a program were not connected in time")), STREAMS_MS);
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  promise.catch(() => undefined); // It may be rejected before it is awaited.
  try {
    chmodSync(own, 0o750);
    await listen(server, path);
    say(path);
    await promise;
    const [input, output, errors] = taken;
    if (input === undefined || output === undefined || errors === undefined) throw new Error("no streams");
    return [input, output, errors];
  } catch (error) {
    for (const socket of taken) socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", stop);
    server.close();
    rmSync(own, { recursive: true, force: true });
  }
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen({ path });
  await once(server, "listening");
}

interface Lines {
  /** Return the next line; null if there are no more. */
  next(): Promise<string | null>;
  /** Resolves when there are no more lines. */
  readonly ended: Promise<void>;
}

function linesOf(connection: Socket): Lines {
  const found: string[] = [];
  const end = Promise.withResolvers<void>();
  let more = Promise.withResolvers<void>();
  let received = "";
  connection.setEncoding("utf8");
  connection.on("data", (text: string) => {
    received += text;
    const lines = received.split("\n");
    received = lines.pop() ?? "";
    if (received.length > MAX_LINE) connection.destroy();
    if (lines.length === 0) return;
    found.push(...lines);
    more.resolve();
    more = Promise.withResolvers<void>();
  });
  for (const event of ["end", "close"] as const) connection.once(event, () => end.resolve());
  return {
    ended: end.promise,
    async next() {
      if (found.length === 0) await Promise.race([more.promise, end.promise]);
      return found.shift() ?? null;
    },
  };
}
