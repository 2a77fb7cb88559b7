import { fileURLToPath } from "node:url";
import { within } from "@tac8/core/app/within";
import type { BlockedHost } from "@tac8/core/domain/blockedHosts";
import type { Logger } from "@tac8/core/log/logger";
import type { ReusableProcess } from "../process/pool.ts";
import { startReusableChild, type ReusableChild } from "../process/reusableChild.ts";
import { smallNode } from "../process/smallNode.ts";
import { messageSchema } from "./message.ts";
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
/** A process is replaced after this many runs, because agents may attack it. It has 55 MB after a usual run. */
const LIMITS = { uses: 20, memory: 120 * 1024 * 1024, output: 4 * 1024 * 1024 };

/**
 * Start a process for proxies. @param proxyEnv the runner's own environment, see `EgressOptions`. It is the same for every run, so the
 * certificates that the process reads at its start are those of every run. @throws Error if this machine has no descriptors or memory left for it
 */
export function startProxy(proxyEnv: EgressOptions["proxyEnv"]): ProxyProcess {
  const env = Object.fromEntries(CERTIFICATES.flatMap((name) => (proxyEnv[name] ? [[name, proxyEnv[name]]] : [])));
  const args = [...smallNode(HEAP_MB), MAIN];
  const child = startReusableChild({ name: "the run's proxy", args, env, limits: LIMITS });
  return {
    get runs() {
      return child.uses;
    },
    isReusable: () => child.isReusable(),
    end: () => child.end(),
    open: (options) => open(child, options),
  };
}

async function open(child: ReusableChild, { log, ...options }: ProxyOptions): Promise<RunningEgress> {
  const ready = Promise.withResolvers<Readonly<Record<string, string>>>();
  let state: "opening" | "open" | "closing" = "opening";
  let refused: readonly BlockedHost[] = [];
  let usage: EgressUsage | null = null;
  let closing: Promise<void> | null = null;

  const ended = child.use(options, (value) => {
    const message = messageSchema.safeParse(value).data;
    if (message === undefined) child.kill();
    else if ("ready" in message) {
      if (state === "opening") state = "open";
      ready.resolve(message.ready.env);
    } else if ("log" in message) log.warn(message.log.facts, message.log.text);
    else if ("refused" in message) refused = message.refused;
    else if ("usage" in message) usage = message.usage;
    else if (state !== "closing") child.kill();
    else {
      if (!message.closed.isQuiet) child.kill();
      child.finish(message.closed.memory);
    }
  });
  void reportExit();

  async function reportExit(): Promise<void> {
    const end = await ended;
    if (end === null) return;
    ready.reject(new Error(`the run's proxy exited at its start: ${end.words}`));
    if (state === "open") log.warn("the run's proxy exited: its agent has no network until the run ends");
  }

  async function close(): Promise<void> {
    state = "closing";
    child.stdin.write("null\n");
    if (await within(ended, CLOSE_MS)) return;
    child.kill();
    await ended;
  }

  const late = setTimeout(() => {
    state = "closing";
    ready.reject(new Error("the run's proxy did not start in time"));
  }, START_MS);
  try {
    const env = await ready.promise;
    return { env, refused: () => refused, usage: () => usage, ended, close: () => (closing ??= close()) };
  } finally {
    clearTimeout(late);
  }
}
