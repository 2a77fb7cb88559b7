import type { Readable } from "node:stream";
import { startLaunched } from "../guard/client.ts";
import { startDirect } from "../guard/direct.ts";
import type { Guarded, GuardEnd } from "../guard/guarded.ts";
import type { GuardCause } from "../guard/protocol.ts";
import { watchOomKills } from "../host/oomKills.ts";
import { watchUse, type OverLimit } from "../host/runUse.ts";
import { readOr, type Membership } from "../process/members.ts";
import { pump } from "./pump.ts";
import { openRawLog } from "./rawLog.ts";
import { within } from "@tac8/core/app/within";
import { clean } from "@tac8/core/domain/plainText";
import { stopInSteps } from "./stopLadder.ts";
import { createTail } from "./tail.ts";
import type { LiveEvent } from "@tac8/core/conversation/event";
import type { AgentDeps, AgentDriver, AgentEnd, AgentHandle, AgentRequest, EndCause, Launch } from "./types.ts";
import { startWatch } from "./watch.ts";

const STDERR_BYTES = 4096;
const GRACE_MS = 20_000;
/** Time for a finished agent to exit after its stdin is closed; it needs less than a second. */
const LINGER_MS = 60_000;
/** Time that the guard may need for a kill: its search for processes is limited to 10 s. */
const GUARD_KILL_MS = 15_000;
/** Time for output after the guard has exited. Only a process that cannot be killed holds the output open longer. */
const DRAIN_MS = 5000;

const CAUSE_OF: Record<GuardCause, EndCause> = {
  exit: "exited",
  "heartbeat-lost": "heartbeat-lost",
  "runner-lost": "guard-lost",
  killed: "guard-killed",
};

/** Return the launch of a program without isolation. @param bash path of bash, for the guard */
export function plainLaunch(bash: string): Launch {
  return { commandOf: (program) => program, starter: { bash, insideFd: null }, endOf: (exit) => exit };
}

/** Start an agent with a guard, supervise it and parse its output. Every failure is reported by `done`. */
export function startAgent(driver: AgentDriver, request: AgentRequest, deps: AgentDeps, launch: Launch): AgentHandle {
  const begun = performance.now();
  const command = driver.command(request);
  const start = {
    runId: request.runId,
    program: [...(request.commandPrefix ?? []), ...launch.commandOf(command.program)],
    cwd: request.cwd,
    env: { ...command.envDefaults, ...request.env },
    lockPath: request.lock.path,
    lockFd: request.lock.fd,
    leftMs: deps.timeLeftMs(),
  };
  const { starter } = launch;
  // Before the agent runs: its kills count.
  const kernel = watchOomKills(request.limits.oomEvents ?? null);
  const guarded =
    "launcher" in starter
      ? startLaunched({ ...start, ...starter })
      : startDirect({ ...start, ...starter, group: request.limits.group ?? {} });
  const reader = driver.createReader(deps.now);
  const result = Promise.withResolvers<void>();
  let cause: EndCause | null = null;
  let reported: string | null = null;
  let ladder: Promise<void> | null = null;

  const end = (why: EndCause, graceMs: number): void => {
    if (cause === null) deps.log.info({ run: request.runId, cause: why, graceMs }, "stopping the agent");
    cause ??= why;
    if (graceMs > 0) {
      const interrupt = guarded.stdin.writable ? command.interrupt : null;
      ladder ??= stopInSteps({ guarded, interrupt, result: result.promise, graceMs }).then(() =>
        killWithoutFail(guarded),
      );
    } else {
      guarded.send("kill");
      ladder = killWithoutFail(guarded);
    }
  };

  const { graceMs = GRACE_MS, lingerMs = LINGER_MS, memoryBytes = 0, tasks = 0 } = request.limits;
  const overMemory = (used: number | null): string =>
    memoryBytes === 0
      ? "the kernel killed it because the machine ran out of memory"
      : `its processes used ${used === null ? "" : `${megabytes(used)} MB, `}more than ${megabytes(memoryBytes)} MB of memory`;
  let agentPid: number | null = null;
  let members: Membership | null = null;
  /** Read again later if it could not be read at the start. */
  const membersNow = (): Membership | null =>
    (members ??= readOr(null, () => (agentPid === null ? null : (launch.membersOf?.(agentPid) ?? null))));
  void guarded.started.then((pid) => {
    agentPid = pid;
    return membersNow();
  });
  let over: OverLimit | null = null;
  const usedBytes = (): number | null => (over?.limit === "memory" ? over.used : null);
  const stopUseWatch = watchUse({
    runId: request.runId,
    limits: { maxBytes: memoryBytes, maxTasks: tasks },
    members: membersNow,
    onOver(found) {
      over = found;
      end(found.limit === "memory" ? "out-of-memory" : "process-limit", 0);
    },
  });
  let linger: NodeJS.Timeout | undefined;
  const watch = startWatch({
    wallMs: request.limits.wallMs,
    stallMs: request.limits.stallMs,
    heartbeatMs: request.heartbeatMs,
    onTimeout: () => end("timeout", graceMs),
    onStall: () => end("stalled", graceMs),
    onBeat: () => {
      kernel.check();
      const leftMs = Math.floor(deps.timeLeftMs());
      if (leftMs > 0) guarded.send(`beat ${leftMs}`);
      else end("lost", 0);
    },
  });

  if (command.stdin !== "") guarded.stdin.write(command.stdin);
  if (!command.keepStdinOpen) guarded.stdin.end();

  const emit = (event: LiveEvent): void => {
    try {
      deps.onEvent(event);
    } catch (error) {
      deps.log.error({ run: request.runId, err: error }, "could not show an event of the agent; its run continues");
    }
  };

  const finish = async (): Promise<AgentEnd> => {
    const rawLog = await openRawLog(request.logPath);
    const stderr = createTail(STDERR_BYTES);
    const stdoutRead = pump({
      stdout: guarded.stdout,
      rawLog,
      onBytes: watch.received,
      onLine(line) {
        for (const event of reader.line(line.text, line.cut)) emit(event);
        clearTimeout(linger);
        if (reader.finished()) linger = setTimeout(() => end("lingered", graceMs), lingerMs);
        if (!reader.hasResult()) return;
        // The agent gets no more messages. It may continue for a while, so this is not its end.
        result.resolve();
        if (cause === null && guarded.stdin.writable) guarded.stdin.end();
      },
    });
    const stderrRead = readAll(guarded.stderr, stderr.push);
    const drained = Promise.all([stdoutRead, stderrRead]).then(
      () => null,
      (error: unknown) => `reading the agent's output failed: ${String(error)}`,
    );
    const ended = withEnd(await guarded.ended, launch);
    if (!(await within(drained, DRAIN_MS))) {
      guarded.stdout.destroy();
      guarded.stderr.destroy();
    }
    const readProblem = await drained;
    watch.stop();
    clearTimeout(linger);
    stopUseWatch();
    await rawLog.close();
    if (cause === null && wasKilled(ended) && ((ended.exit.oomKills ?? 0) > 0 || kernel.killed()))
      cause = "out-of-memory";
    const summary = reader.summary();
    return {
      ...summary,
      sessionId: summary.sessionId ?? (driver.name === "claude" ? request.sessionId : null),
      cause: cause ?? causeOf(ended),
      code: ended.kind === "exit" ? ended.exit.exit.code : null,
      signal: ended.kind === "exit" ? ended.exit.exit.signal : null,
      durationMs: Math.round(performance.now() - begun),
      stderrTail: clean(stderr.text()),
      ...leftBy(ended),
      problems: [
        cause === "out-of-memory" ? overMemory(usedBytes()) : null,
        reported,
        cause === "process-limit" ? `it started more than ${tasks} processes and threads` : null,
        ended.kind === "exit" ? null : ended.message,
        rawLog.error?.message,
        readProblem,
      ].filter((problem) => typeof problem === "string"),
    };
  };
  const done = finish();
  return {
    get pid() {
      return guarded.pid;
    },
    agentPid: guarded.started,
    members: membersNow,
    sessionId: request.sessionId,
    done,
    stop(why, { graceMs }) {
      end(why, graceMs);
      return done;
    },
    kill(why, words) {
      if (cause === null) reported = words ?? null;
      end(why, 0);
      return done;
    },
  };
}

async function readAll(stream: Readable, push: (chunk: Buffer) => void): Promise<void> {
  for await (const chunk of stream as AsyncIterable<Buffer>) push(chunk);
}

/** Kill the agent. A guard that does not do this in time is killed itself; the rest is killed then. */
async function killWithoutFail(guarded: Guarded): Promise<void> {
  if (!(await within(guarded.ended, GUARD_KILL_MS))) guarded.killGuard();
}

function withEnd(ended: GuardEnd, { endOf }: Launch): GuardEnd {
  return ended.kind === "exit" ? { ...ended, exit: { ...ended.exit, exit: endOf(ended.exit.exit) } } : ended;
}

/** Return whether the kernel or another process killed the agent. */
function wasKilled(ended: GuardEnd): ended is Extract<GuardEnd, { kind: "exit" }> {
  return ended.kind === "exit" && ended.exit.cause === "exit" && ended.exit.exit.signal === "SIGKILL";
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}

function causeOf(ended: GuardEnd): EndCause {
  if (ended.kind === "spawn-failed") return "spawn-failed";
  return ended.kind === "lost" ? "guard-lost" : CAUSE_OF[ended.exit.cause];
}

/** Return the processes that the agent has left. Without a start there are none. */
function leftBy(ended: GuardEnd): Pick<AgentEnd, "survivorsKilled" | "remaining"> {
  if (ended.kind === "spawn-failed") return { survivorsKilled: 0, remaining: 0 };
  const { survivors, remaining } = ended.kind === "exit" ? ended.exit : ended;
  return { survivorsKilled: survivors, remaining };
}
