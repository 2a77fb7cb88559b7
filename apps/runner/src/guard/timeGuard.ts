import { messageOf } from "@tac8/core/domain/messageOf";
import { spawn, type ChildProcess } from "node:child_process";
import { within } from "@tac8/core/app/within";
import { fileURLToPath } from "node:url";
import type { ProcessId } from "@tac8/core/process/procfs";
import { smallNode } from "../process/smallNode.ts";
import { pipesOf, TOO_MANY_FILES } from "../process/pipes.ts";

/**
 * The guard of an agent that the runner itself has started. It only waits for heartbeats. If none comes in time or the
 * runner has died, it kills the agent's first process, and starts the program that kills the survivors. It is a shell
 * that uses only builtins until then, so it needs 0.3 MB and no further process.
 */
export interface TimeGuard {
  /** Process id of the current guard. */
  readonly pid: number;
  /** Number of survivors that it has killed because of a missing heartbeat. Final after `close`. */
  readonly killed: number;
  /** Time of `performance.now()` at which a guard was last killed by another process; null: never. Final after `close`. */
  readonly diedAt: number | null;
  /** Watch this process, which may live for `leftMs` without a heartbeat. Call this once. */
  watch(process: ProcessId, leftMs: number): void;
  beat(leftMs: number): void;
  /**
   * Call this after the process has exited. Until `close`, the guard keeps the lock, and kills the survivors if the runner
   * dies. Resolves with whether the guard has killed the process because of a missing heartbeat. Bounded.
   */
  hold(): Promise<boolean>;
  /**
   * End the guard. Resolves when it has exited, with whether it has killed the process because of a missing heartbeat.
   * Idempotent and bounded.
   */
  close(): Promise<boolean>;
}

export interface TimeGuardOptions {
  /** Path of bash. */
  readonly bash: string;
  readonly runId: string;
  /** Time for which processes of the run may live until `watch`: a runner may be frozen just after it has started one. */
  readonly leftMs: number;
  /** Lock of the workspace. If the runner ends, the guard keeps it until it has killed the remaining processes of the run. */
  readonly lock: { readonly path: string; readonly fd: number };
  /** Called once, if the guard ended without killing the process, and cannot be replaced. */
  readonly onLost: (why: string) => void;
}

const KILL_SURVIVORS = fileURLToPath(new URL("killSurvivors.ts", import.meta.url));
/** Time for the guard to end after `done`. It may be killing survivors, for which it has 10 s. */
const CLOSE_MS = 15_000;
/** After this many guards in a row that ended before they watched, no other guard is started. */
const MAX_FAILURES = 3;

/** Longest name of a process that Linux shows. */
const COMM_LENGTH = 15;

interface ScriptOptions {
  readonly name: string;
  /** Command line of the program that kills the survivors. */
  readonly killSurvivors: readonly string[];
  /** Seconds until a process must be named. */
  readonly left: string;
}

/**
 * Return the script. The shell reads it from its standard input, and parses all of it before it runs it. So its
 * command line has only the name of the guard: an agent's `pkill -f node` means none of tac8's processes.
 * Further input, in any order: `watch <pid> <start time> <seconds>`, `beat <seconds>`, `hold`, or `done`. Output: `watching`
 * and `holding` in response; if no input came in time, `killed <number of survivors>`, and then `late`
 * if it has killed the process, or `exited` if there was no such process.
 * The guard reads in `/proc` whether the pid is still the same process: fields are counted from the last parenthesis,
 * and the start time is the 20th of them. A heartbeat that arrived while the machine was busy counts, even if the time
 * is over. If the runner has died, even before it named a process, the survivors are killed too, for two reasons: the
 * kernel releases the lock of a sandbox's first process before it ends the other processes, and an agent that is just
 * being started may be unknown to the guard.
 * The session of the process is searched unless its pid belongs to another process now.
 * The program that kills the survivors may fail to start, because a fork bomb leaves no process or thread for it. Then the
 * shell, which bash ends if it cannot fork, kills the process group without another process, and starts the program again.
 */
const scriptOf = ({ name, killSurvivors, left }: ScriptOptions): string => `{
trap '' HUP INT PIPE TERM
set -f
kill_survivors=(${killSurvivors.map(quoted).join(" ")})
printf %s ${quoted(name.slice(0, COMM_LENGTH))} >/proc/$$/comm
next() {
  IFS= read -r -t "$left" line
  code=$?
  if [ "$code" -gt 128 ] && read -r -t 0; then
    part=$line
    IFS= read -r -t 5 line
    code=$?
    line=$part$line
  fi
}
kill_group() {
  if [ -n "$group" ]; then kill -KILL -- "-$group"; fi
}
search() {
  trap 'kill_group; "\${kill_survivors[@]}" </dev/null' EXIT
  "\${kill_survivors[@]}" </dev/null && trap - EXIT
}
left=${left}
while :; do
  next
  if [ "$code" -ne 0 ]; then break; fi
  set -- $line
  case $1 in
    watch) pid=$2 start=$3 left=$4; echo watching ;;
    beat) left=$2 ;;
    hold) echo holding ;;
    done) exit 0 ;;
  esac
done
if [ -n "$pid" ]; then
  IFS= read -r -d '' stat <"/proc/$pid/stat"
  set -- \${stat##*) }
  if [ "\${20}" != "$start" ] || ! kill -KILL "$pid"; then result=exited; else result=late; fi
  if [ -z "$stat" ] || [ "\${20}" = "$start" ]; then
    group=$pid
    kill_survivors+=("$pid")
  fi
fi
search
echo "$result"
exit 0
}
`;

/** Return a word as the shell reads it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * `starting`: no process to watch was named. `watching`: one was. `held`: `hold` was called. `closing`: `close` was called.
 * `ended`: there is no guard any more. A guard that ends in one of the first two states without a result is replaced.
 */
type State = "starting" | "watching" | "held" | "closing" | "ended";
const NEXT: Readonly<Record<State, readonly State[]>> = {
  starting: ["watching", "held", "closing", "ended"],
  watching: ["held", "closing", "ended"],
  held: ["closing", "ended"],
  closing: ["ended"],
  ended: [],
};

/**
 * Start a guard. If it dies, another guard is started immediately, with the time that is left.
 * @returns the reason if it could not be started, because this machine has no process, memory or descriptor left
 */
export function startTimeGuard({ onLost, leftMs: firstMs, ...options }: TimeGuardOptions): TimeGuard | string {
  let state: State = "starting";
  let watched: ProcessId | null = null;
  let until = performance.now() + firstMs;
  /** Guards in a row that ended before they watched. */
  let failures = 0;
  /** When its time was over, the guard has killed the process (`late`), or found no such process (`exited`). */
  let result: "late" | "exited" | null = null;
  let killed = 0;
  let diedAt: number | null = null;
  const holding = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();

  /** Enter a state if it may follow the current one. @returns whether it may */
  function enter(next: State): boolean {
    const isNext = NEXT[state].includes(next);
    if (isNext) state = next;
    return isNext;
  }

  /** Start a guard for the process that is already watched, if there is one. */
  function start(): Bash | string {
    const started = spawnBash({ ...options, left: secondsUntil(until) });
    if (typeof started === "string") return started;
    failures += 1;
    let output = "";
    started.stdout.setEncoding("latin1");
    started.stdout.on("data", (text: string) => {
      output += text;
      if (output.includes("watching\n")) failures = 0;
      if (output.includes("late\n")) result = "late";
      if (output.includes("exited\n")) result ??= "exited";
      if (output.includes("holding\n")) holding.resolve();
    });
    started.child.once("close", (code, signal) => {
      const survivors = Number(/^killed (\d+)$/m.exec(output)?.[1] ?? 0);
      killed += survivors;
      // The runner was frozen before it named the process.
      if (survivors > 0 && !output.includes("watching\n")) result = "late";
      if (signal !== null && !started.child.killed) diedAt = performance.now();
      const isExpected = state === "held" || state === "closing";
      if (!isExpected && result === null) {
        replace(`guard ${started.child.pid} ended by ${signal ?? `exit code ${code}`}`);
        return;
      }
      finish();
      // The runner has not read the end of the process, so its pid is not reused: the guard could not access the
      // process.
      if (!isExpected && result === "exited") onLost("time was over, and its guard could not end it");
    });
    if (watched !== null) instruct(started, watched, until);
    return started;
  }

  function replace(why: string): void {
    const next = failures < MAX_FAILURES ? start() : "so did those before it";
    if (typeof next !== "string") return void (current = next);
    finish();
    onLost(`${why}, and ${next}`);
  }

  function finish(): void {
    enter("ended");
    ended.resolve();
  }

  const first = start();
  if (typeof first === "string") return first;
  let current: Bash = first;

  return {
    get pid() {
      return current.child.pid ?? 0;
    },
    get killed() {
      return killed;
    },
    get diedAt() {
      return diedAt;
    },
    watch(process, leftMs) {
      enter("watching");
      watched = process;
      until = performance.now() + leftMs;
      instruct(current, watched, until);
    },
    beat(leftMs) {
      if (watched === null) return;
      until = performance.now() + leftMs;
      current.stdin.write(`beat ${secondsUntil(until)}\n`);
    },
    async hold() {
      if (enter("held")) current.stdin.write("hold\n");
      await orKill(Promise.race([holding.promise, ended.promise]));
      return result === "late";
    },
    async close() {
      if (enter("closing")) current.stdin.end("done\n");
      await orKill(ended.promise);
      return result === "late";
    },
  };

  /** Wait for a response. A guard that does not give it in time is killed. */
  async function orKill(response: Promise<void>): Promise<void> {
    if (!(await within(response, CLOSE_MS))) current.child.kill("SIGKILL");
    await response;
  }
}

function instruct({ stdin }: Bash, { pid, startTime }: ProcessId, until: number): void {
  stdin.write(`watch ${pid} ${startTime} ${secondsUntil(until)}\n`);
}

/** Return the seconds until a time of `performance.now()`, in the format that the shell reads; at least one millisecond. */
function secondsUntil(time: number): string {
  return (Math.max(1, Math.floor(time - performance.now())) / 1000).toFixed(3);
}

interface Bash {
  readonly child: ChildProcess;
  readonly stdin: NonNullable<ChildProcess["stdin"]>;
  readonly stdout: NonNullable<ChildProcess["stdout"]>;
}

interface BashOptions extends Pick<TimeGuardOptions, "bash" | "runId" | "lock"> {
  /** Seconds until a process must be named. */
  readonly left: string;
}

function spawnBash({ bash, runId, lock, left }: BashOptions): Bash | string {
  const killSurvivors = [process.execPath, ...smallNode(64), KILL_SURVIVORS, runId, lock.path, String(process.pid)];
  // `ps` shows this name.
  const name = `tac8 guard ${runId}`;
  let child: ChildProcess;
  try {
    child = spawn(bash, [], {
      argv0: name,
      // Own session: a terminal's Ctrl-C must not reach it.
      detached: true,
      cwd: "/",
      env: {},
      stdio: ["pipe", "pipe", "ignore", lock.fd],
    });
  } catch (error) {
    return messageOf(error);
  }
  child.on("error", () => undefined); // It is emitted later, and reports the same error as the checks below.
  const pipes = pipesOf(child, "stdin", "stdout");
  if (pipes === null) return TOO_MANY_FILES;
  if (child.pid === undefined) return `${bash} cannot be started, or this machine has no process left for it`;
  const { stdin, stdout } = pipes;
  stdin.on("error", () => undefined); // The guard has just ended, which its event `close` reports.
  stdin.write(scriptOf({ name, killSurvivors, left }));
  return { child, stdin, stdout };
}
