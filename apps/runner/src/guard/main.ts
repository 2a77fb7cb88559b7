// The guard of an agent that the launcher starts as another user: a small process between runner and launcher. It kills
// the agent when its runner has died or sends no heartbeat.
// Descriptors: 0, 1, 2 belong to the agent; 3 is the workspace's lock, which is locked until this process ends; 4 is the
// runner (see protocol.ts).
// An agent that the runner itself starts has another guard: see timeGuard.ts.
import { messageOf } from "@tac8/core/domain/messageOf";
import { statSync } from "node:fs";
import { Socket } from "node:net";
import { launchAgent, type LaunchedAgent } from "./agent.ts";
import type { GuardCause, GuardExit, GuardMessage, GuardStart } from "./protocol.ts";

/** Time for the runner to read the guard's last message. */
const READING_MS = 10_000;
const MAX_LINE = 8 * 1024 * 1024;

// An agent that runs `pkill node`, with or without -f, means its own processes. The run id is for users who read `ps`.
process.title = ["tac8 guard", ...process.argv.slice(2)].join(" ");

const runner = new Socket({ fd: 4, readable: true, writable: true, allowHalfOpen: true });
let start: GuardStart | null = null;
let agent: LaunchedAgent | null = null;
let cause: GuardCause | null = null;
let silence: NodeJS.Timeout | null = null;
let received = "";
/** The last message was sent, and the guard waits until the runner has read it. */
let left = false;

runner.setEncoding("utf8");
runner.on("data", (text: string) => {
  received += text;
  if (received.length > MAX_LINE) end("killed");
  for (let at = received.indexOf("\n"); at >= 0; at = received.indexOf("\n")) {
    const line = received.slice(0, at);
    received = received.slice(at + 1);
    obey(line);
  }
});
runner.on("end", () => (left ? process.exit(0) : end("runner-lost")));
runner.on("error", () => end("runner-lost"));

// The runner handles Ctrl-C and a closed terminal: it decides what happens to its agents.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
process.on("SIGTERM", () => end("killed"));

function obey(line: string): void {
  if (start === null) run(JSON.parse(line) as GuardStart);
  else if (line.startsWith("beat ")) listen(Number(line.slice(5)));
  else if (line === "term") agent?.terminate();
  else if (line === "kill") end("killed");
}

function run(given: GuardStart): void {
  start = given;
  listen(given.leftMs);
  const [program = ""] = given.program;
  if (!isFolder(given.cwd)) return fail(`cannot start ${program}: its folder ${given.cwd} is missing`);
  const launched = launchAgent(given);
  agent = launched;
  launched.started.then(
    () => say({ started: { pid: launched.pid ?? 0 } }),
    (error: unknown) => fail(`cannot start ${program}: ${messageOf(error)}`),
  );
  void launched.ended.then((exit) => finish(exit, launched.left()));
}

/** Let the agent live for this long without another heartbeat. */
function listen(leftMs: number): void {
  if (cause !== null) return;
  if (silence !== null) clearTimeout(silence);
  // A busy machine may run this timer before messages that have already arrived, so read those first.
  const timer = setTimeout(() => {
    setImmediate(() => {
      if (silence === timer) end("heartbeat-lost");
    });
  }, leftMs);
  silence = timer;
}

function end(why: GuardCause): void {
  cause ??= why;
  if (agent === null) process.exit(0);
  agent.kill();
}

/** Report the end. The launcher has killed all processes of the agent's user before. */
function finish(exit: GuardExit["exit"], { survivors, remaining }: Pick<GuardExit, "survivors" | "remaining">): void {
  cause ??= "exit";
  if (silence !== null) clearTimeout(silence);
  say({ exit, survivors, remaining, cause, oomKills: null });
  leave();
}

function fail(spawnError: string): void {
  say({ spawnError });
  leave();
}

function say(message: GuardMessage): void {
  if (!runner.destroyed) runner.write(`${JSON.stringify(message)}\n`);
}

function leave(): void {
  if (runner.destroyed || cause === "runner-lost") process.exit(0);
  left = true;
  // The runner sends heartbeats until it has read the last message. If the pipe closed before that, it would lose the
  // message. A silent runner sends none.
  const waitMs = cause === "heartbeat-lost" ? 0 : READING_MS;
  runner.end(() => setTimeout(() => process.exit(0), waitMs));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
