import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { within } from "@tac8/core/app/within";
import type { BlockedHost } from "@tac8/core/domain/blockedHosts";
import type { Logger } from "@tac8/core/log/logger";
import { pipesOf, TOO_MANY_FILES } from "../process/pipes.ts";
import type { ReusableProcess } from "../process/pool.ts";
import { smallNode } from "../process/smallNode.ts";
import { messageSchema, type Message } from "./message.ts";
import type { EgressOptions, EgressUsage } from "./open.ts";

/** The network access of one run. */
export interface RunningEgress {
  /**
   * The complete environment of the agent in the sandbox, with placeholders instead of keys, and with the settings for
   * the proxy.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Refused hosts that the proxy has reported so far. */
  refused(): readonly BlockedHost[];
  /**
   * Usage that the proxy has reported so far, complete once it is closed. Null: it ended by itself before its first
   * report.
   */
  usage(): EgressUsage | null;
  /** Resolves when the proxy of this run no longer listens: its process ended, or `close` was called. */
  readonly ended: Promise<unknown>;
  /** Close the proxy and every connection. Idempotent and bounded. */
  close(): Promise<void>;
}

export type ProxyOptions = Omit<EgressOptions, "log" | "deps" | "onUsage"> & { readonly log: Pick<Logger, "warn"> };

/** A process for proxies. It serves one run at a time. */
export interface ProxyProcess extends ReusableProcess {
  /** Number of runs that it has served. */
  readonly runs: number;
  /** Open the proxy of one run, if the process is reusable. @throws Error if it does not open; the process is not reusable then */
  open(options: ProxyOptions): Promise<RunningEgress>;
}

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
/** Heap in MB. It limits what an agent can make the proxy store. */
const HEAP_MB = 128;
/** Variables with certificates, which Node reads at its start. */
const CERTIFICATES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];
const START_MS = 30_000;
const CLOSE_MS = 3000;
/** Limit of all reports of one run together. */
const MAX_OUTPUT = 4 * 1024 * 1024;
const MAX_ERROR_TEXT = 2000;
/** A process that has served this many runs is replaced, because agents may attack it. */
const MAX_RUNS = 20;
/** So is one whose resident memory has grown to this size in bytes. It has 55 MB after a usual run. */
const MAX_MEMORY = 120 * 1024 * 1024;

interface Run {
  readonly log: Pick<Logger, "warn">;
  readonly ready: PromiseWithResolvers<Readonly<Record<string, string>>>;
  readonly closed: PromiseWithResolvers<void>;
  refused: readonly BlockedHost[];
  usage: EgressUsage | null;
  state: "opening" | "open" | "closing";
  /** Characters of its reports. */
  size: number;
}

/**
 * Start a process for proxies. @param proxyEnv the runner's own environment, see `EgressOptions`. It is the same for every run, so the
 * certificates that the process reads at its start are those of every run. @throws Error if this machine has no descriptors left for it
 */
export function startProxy(proxyEnv: EgressOptions["proxyEnv"]): ProxyProcess {
  const env = Object.fromEntries(CERTIFICATES.flatMap((name) => (proxyEnv[name] ? [[name, proxyEnv[name]]] : [])));
  const child = spawn(process.execPath, [...smallNode(HEAP_MB), MAIN], {
    detached: true,
    cwd: "/",
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  if (pipesOf(child, "stdin", "stdout", "stderr") === null) {
    throw new Error(`the run's proxy could not be started: ${TOO_MANY_FILES}`);
  }
  const exited = once(child, "close").catch(() => undefined); // `ready` reports a failed start.
  let run: Run | null = null;
  let runs = 0;
  let isReusable = true;
  let words = "";

  const kill = (): void => {
    isReusable = false;
    child.kill("SIGKILL");
  };
  const fail = (message: string): void => {
    isReusable = false;
    run?.ready.reject(new Error(message));
  };
  child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString("utf8")).slice(-MAX_ERROR_TEXT)));
  child.stdin.on("error", () => undefined); // The process has just ended, which its exit reports.
  child.once("error", (error) => fail(`the run's proxy could not be started: ${error.message}`));
  child.once("exit", () => (isReusable = false));
  child.once("close", () => {
    fail(`the run's proxy exited at its start: ${words.trim().split("\n").at(-1) ?? ""}`);
    if (run?.state === "open") run.log.warn("the run's proxy exited: its agent has no network until the run ends");
  });
  child.stdout.on("data", (chunk: Buffer) => {
    if (run === null) return kill(); // It has nothing to report without a run.
    run.size += chunk.length;
    if (run.size > MAX_OUTPUT) kill();
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = parse(line);
    if (message === null || run === null) kill();
    else receive(run, message);
  });

  function receive(current: Run, message: Message): void {
    if ("ready" in message) {
      if (current.state === "opening") current.state = "open";
      current.ready.resolve(message.ready.env);
    } else if ("log" in message) current.log.warn(message.log.facts, message.log.text);
    else if ("refused" in message) current.refused = message.refused;
    else if ("usage" in message) current.usage = message.usage;
    else if (current.state !== "closing") kill();
    else {
      const { isQuiet, memory } = message.closed;
      isReusable = isQuiet && memory < MAX_MEMORY && runs < MAX_RUNS;
      run = null;
      current.closed.resolve();
    }
  }

  async function close(current: Run): Promise<void> {
    current.state = "closing";
    child.stdin.write("null\n");
    await within(Promise.race([current.closed.promise, exited]), CLOSE_MS);
    if (run !== current) return;
    kill();
    await exited;
  }

  async function end(): Promise<void> {
    isReusable = false;
    if (run !== null) run.state = "closing";
    child.stdin.end();
    await within(exited, CLOSE_MS);
    child.kill("SIGKILL");
    await exited;
  }

  return {
    get runs() {
      return runs;
    },
    isReusable: () => isReusable,
    end,
    async open({ log, ...options }) {
      isReusable = false;
      runs += 1;
      const current: Run = {
        log,
        ready: Promise.withResolvers(),
        closed: Promise.withResolvers(),
        refused: [],
        usage: null,
        state: "opening",
        size: 0,
      };
      run = current;
      child.stdin.write(`${JSON.stringify(options)}\n`);
      const late = setTimeout(() => fail("the run's proxy did not start in time"), START_MS);
      let closing: Promise<void> | null = null;
      try {
        return {
          env: await current.ready.promise,
          refused: () => current.refused,
          usage: () => current.usage,
          ended: Promise.race([current.closed.promise, exited]),
          close: () => (closing ??= close(current)),
        };
      } finally {
        clearTimeout(late);
      }
    },
  };
}

function parse(line: string): Message | null {
  try {
    return messageSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
