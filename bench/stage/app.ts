import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Leftovers } from "../leftovers.ts";

const KEPT_LOG = 200_000;
const READY_MS = 120_000;
/** Time limit for the exit of an app, which is longer than the app's own limit. */
const STOP_MS = 25_000;

/** A running process of tac8, or any other Node process. */
export interface App extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Time from the start to the line that reports it as ready, in ms. */
  readonly readyMs: number;
  /** Line that reports it as ready. */
  readonly readyLine: string;
  log(): string;
  /** Stop the process by SIGTERM, then SIGKILL. Idempotent. */
  stop(): Promise<void>;
}

export interface StartApp {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Part of the line that reports it as ready. */
  readonly ready: string;
  /** Called with the process id as soon as it exists. */
  readonly onSpawn?: (pid: number) => void;
  readonly leftovers: Leftovers;
  readonly signal: AbortSignal;
}

/**
 * Start a Node process and wait until it is ready. Its standard input is a pipe, and its environment makes apps exit at the
 * end of that pipe, so they do not outlive the benchmark. @throws Error with the end of its log if it exits before
 */
export async function startApp({ name, args, env, ready, onSpawn, leftovers, signal }: StartApp): Promise<App> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { env: { ...env, TAC8_STOP_ON_STDIN_EOF: "1" }, stdio: "pipe" });
  const forget = leftovers.process(child.pid ?? 0);
  if (child.pid !== undefined) onSpawn?.(child.pid);
  const exited = once(child, "exit").then(forget, forget);
  let log = "";
  const isReady = Promise.withResolvers<{ ms: number; line: string }>();
  isReady.promise.catch(() => undefined);
  let isPrinted = false;
  const read = (chunk: Buffer) => {
    const ms = performance.now() - startedAt;
    log = (log + chunk.toString("utf8")).slice(-KEPT_LOG);
    if (isPrinted) return;
    const line = log.split("\n").find((text) => text.includes(ready));
    if (line === undefined) return;
    isPrinted = true;
    isReady.resolve({ ms, line });
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  child.stdin.on("error", () => undefined);
  const fail = (why: string) => isReady.reject(new Error(`${name} ${why}:\n${log.slice(-3000)}`));
  child.once("error", (error) => fail(error.message));
  child.once("exit", (code, by) => fail(`ended (${by ?? code}) before it was ready`));
  const onAbort = () => isReady.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const late = setTimeout(() => fail("was not ready in time"), READY_MS);

  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await exited;
    clearTimeout(kill);
  };
  try {
    const { ms, line } = await isReady.promise;
    return {
      name,
      pid: child.pid ?? 0,
      readyMs: ms,
      readyLine: line,
      log: () => log,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", onAbort);
  }
}
