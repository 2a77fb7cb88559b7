import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { within } from "@tac8/core/app/within";
import type { BlockedHost } from "@tac8/core/domain/blockedHosts";
import type { Logger } from "@tac8/core/log/logger";
import { messageSchema } from "./message.ts";
import type { EgressOptions, EgressUsage } from "./open.ts";

/** The network access of one run's sandbox, in its own process. */
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
  /** Resolves when the process ends. */
  readonly ended: Promise<unknown>;
  /** End the process and every connection. Idempotent and bounded. */
  close(): Promise<void>;
}

export type StartEgress = Omit<EgressOptions, "log" | "deps" | "onUsage"> & { readonly log: Pick<Logger, "warn"> };

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
/** This heap limits what an agent can make the proxy store. */
const NODE_FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=128", "--v8-pool-size=0"];
/** Variables with certificates, which Node reads at its start. */
const CERTIFICATES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];
const START_MS = 30_000;
const CLOSE_MS = 3000;
/** Limit of all reports together. */
const MAX_OUTPUT = 4 * 1024 * 1024;
const MAX_ERROR_TEXT = 2000;

/** Start the proxy of one run. @throws Error if it does not start */
export async function startEgress({ log, ...options }: StartEgress): Promise<RunningEgress> {
  const { proxyEnv } = options;
  const env = Object.fromEntries(CERTIFICATES.flatMap((name) => (proxyEnv[name] ? [[name, proxyEnv[name]]] : [])));
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
    detached: true,
    cwd: "/",
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "close").catch(() => undefined); // `ready` reports a failed start.
  const ready = Promise.withResolvers<Readonly<Record<string, string>>>();
  let refused: readonly BlockedHost[] = [];
  let usage: EgressUsage | null = null;
  let closing: Promise<void> | null = null;
  let size = 0;
  let words = "";

  child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString("utf8")).slice(-MAX_ERROR_TEXT)));
  child.stdin.on("error", () => undefined); // The process has just ended, which its exit reports.
  child.once("error", (error) => ready.reject(new Error(`the run's proxy could not be started: ${error.message}`)));
  child.once("close", () => {
    ready.reject(new Error(`the run's proxy exited at its start: ${words.trim().split("\n").at(-1) ?? ""}`));
    if (closing === null) log.warn("the run's proxy exited: its agent has no network until the run ends");
  });
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_OUTPUT) child.kill("SIGKILL");
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = parse(line);
    if (message === null) child.kill("SIGKILL");
    else if ("ready" in message) ready.resolve(message.ready.env);
    else if ("log" in message) log.warn(message.log.facts, message.log.text);
    else if ("refused" in message) refused = message.refused;
    else usage = message.usage;
  });
  child.stdin.write(`${JSON.stringify(options)}\n`);

  const close = (): Promise<void> => (closing ??= end(child, exited));
  const late = setTimeout(() => ready.reject(new Error("the run's proxy did not start in time")), START_MS);
  try {
    const inside = await ready.promise;
    return { env: inside, refused: () => refused, usage: () => usage, ended: exited, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function parse(line: string) {
  try {
    return messageSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.stdin?.end();
  await within(exited, CLOSE_MS);
  child.kill("SIGKILL");
  await exited;
}
