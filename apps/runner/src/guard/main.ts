// The guard: a small process between runner and agent that outlives neither.
// Descriptors: 0, 1, 2 are the agent's; 3 is the workspace's lock, which the agent gets too; 4 is the runner (see protocol.ts).
// An agent in a sandbox has another one: see timeGuard.ts.
import { messageOf } from "@tac8/core/domain/messageOf";
import { statSync } from "node:fs";
import { Socket } from "node:net";
import { oomKills } from "../process/cgroup.ts";
import { killSurvivors } from "../process/survivors.ts";
import { startAgent, type GuardedAgent } from "./agent.ts";
import type { GuardCause, GuardMessage, GuardStart } from "./protocol.ts";

/** For the runner to read our last words. */
const HEARING_MS = 10_000;
const MAX_LINE = 8 * 1024 * 1024;

// An agent that runs `pkill node`, with or without -f, means its own processes. The run id is for people who read `ps`.
process.title = ["tac8 guard", ...process.argv.slice(2)].join(" ");

const runner = new Socket({ fd: 4, readable: true, writable: true, allowHalfOpen: true });
interface Hunt {
  readonly killed: number;
  readonly remaining: number;
}

let start: GuardStart | null = null;
let agent: GuardedAgent | null = null;
let cause: GuardCause | null = null;
let silence: NodeJS.Timeout | null = null;
let hunt: Promise<Hunt> | null = null;
let received = "";
/** All is said, and the runner's hearing it is waited for. */
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
runner.on("end", () => (left ? process.exit(0) : end("runner-gone")));
runner.on("error", () => end("runner-gone"));

// Ctrl-C and a closed terminal are the runner's business: it decides what happens to its agents.
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
  if (!isFolder(given.cwd)) return fail(`cannot start ${program}: its folder ${given.cwd} is not there`);
  try {
    agent = startAgent(given);
  } catch (error) {
    return fail(`cannot start ${program}: ${messageOf(error)}`);
  }
  agent.started.then(
    () => say({ started: { pid: agent?.pid ?? 0 } }),
    (error: unknown) => fail(`cannot start ${program}: ${messageOf(error)}`),
  );
  void agent.ended.then(({ code, signal }) => finish(code, signal));
}

/** From now on the agent may live for so long without another beat. */
function listen(leftMs: number): void {
  if (cause !== null) return;
  if (silence !== null) clearTimeout(silence);
  // A busy machine may run this timer before words that have already arrived: read those first.
  const timer = setTimeout(() => {
    setImmediate(() => {
      if (silence === timer) end("heartbeat-lost");
    });
  }, leftMs);
  silence = timer;
}

function end(why: GuardCause): void {
  cause ??= why;
  if (agent === null || start === null) process.exit(0);
  agent.kill();
  hunt ??= huntSurvivors(start);
}

async function finish(code: number | null, signal: string | null): Promise<void> {
  cause ??= "exit";
  if (silence !== null) clearTimeout(silence);
  if (start === null) return;
  const oom = oomKills(start.runId); // Before the hunt, which takes the empty group away.
  const before = await hunt;
  // Again after its exit: a hunt begun earlier may have ended before the agent's last child was born.
  const { killed, remaining } = await huntSurvivors(start);
  const survivors = killed + (before?.killed ?? 0);
  say({ exit: { code, signal }, survivors, remaining, cause, oomKills: oom });
  leave();
}

/** The launcher kills all of an agent's user before it reports on the agent's end. */
async function huntSurvivors({ runId, lockPath, runnerPid }: GuardStart): Promise<Hunt> {
  const left = agent?.left() ?? null;
  if (left !== null) return { killed: left.survivors, remaining: left.remaining };
  const except = [process.pid, runnerPid, ...(agent?.pid ? [agent.pid] : [])];
  const { killed, remaining } = await killSurvivors({ runId, lockPath, except, session: agent?.pid });
  return { killed, remaining: remaining.length };
}

function fail(spawnError: string): void {
  say({ spawnError });
  leave();
}

function say(message: GuardMessage): void {
  if (!runner.destroyed) runner.write(`${JSON.stringify(message)}\n`);
}

function leave(): void {
  if (runner.destroyed || cause === "runner-gone") process.exit(0);
  left = true;
  // Until it has heard us its beats continue: one that nobody takes would cost it what it has not read yet. A silent one sends none.
  const waitMs = cause === "heartbeat-lost" ? 0 : HEARING_MS;
  runner.end(() => setTimeout(() => process.exit(0), waitMs));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
