import { networkInterfaces } from "node:os";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { within } from "@tac8/core/app/within";
import type { Config } from "@tac8/core/config/resolve";
import type { Logger } from "@tac8/core/log/logger";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { watchVitals } from "@tac8/core/app/vitals";
import { addressFor, outerAddresses, writeBoardAddress } from "@tac8/core/board/address";
import { boardWarnings } from "@tac8/core/board/warnings";
import { FIRST_LINK_MS, createLink, withdrawLinks } from "@tac8/core/board/links";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { isLoopback } from "@tac8/core/board/loopback";
import { createAccess } from "./access/access.ts";
import { accessKeys } from "./access/keys.ts";
import { readSecrets } from "./access/secrets.ts";
import { createApp } from "./app.ts";
import type { Board } from "./services/board.ts";
import { readChartFacts } from "./charts/chartFacts.ts";
import { closeServer, listen, isEverywhere, urlOf } from "./http/listen.ts";
import { createLiveHub } from "./live/hub.ts";
import { createRedisProbe } from "./redis/probe.ts";
import { remember } from "./redis/remember.ts";

export interface BoardDeps {
  readonly log: Logger;
  /** Borrowed. It need not be connected yet, and must have `maxRetriesPerRequest: null`. */
  readonly redis: Redis;
  readonly now?: () => number;
  /** Command that prints a link, if another program has already shown it to the operator. Default: `tac8 open`, which the log names. */
  readonly openCommand?: string;
  /** Called with a link, if the operator reads the output of the board itself. */
  readonly onLink?: (link: string) => void;
}

export interface RunningBoard {
  /** Address to open on this machine, without a trailing slash. */
  readonly url: string;
  /** Idempotent; takes 3 s at most. */
  close(): Promise<void>;
}

const LOG_EVERY_MS = 5000;
const QUEUE_CLOSE_MS = 2000;
/** Time for which the data of the charts is cached. Samples are taken every few minutes. */
const CHARTS_MS = 60_000;

/**
 * Start the board at the address in `config.board`. It does not wait for Redis; pages report if Redis is unreachable.
 * @throws Error with a one-line message if it cannot listen
 */
export async function start(config: Config, deps: BoardDeps): Promise<RunningBoard> {
  const { log, redis, now = Date.now } = deps;
  const { host, port } = config.board;
  const loopback = isLoopback(host);
  const secrets = readSecrets(config);
  const { dataFolder } = config;

  const throttled = logAtMost({ log, every: LOG_EVERY_MS, now });
  const publicUrl = config.board.url === "" ? null : new URL(config.board.url);
  const openCommand = deps.openCommand ?? "tac8 open";
  const access = createAccess({
    keys: accessKeys(secrets),
    dataFolder,
    // The sign-in page must not show a path of this machine to strangers.
    openCommand: loopback || !openCommand.includes("/") ? openCommand : "tac8 open",
    secureHost: publicUrl?.protocol === "https:" ? publicUrl.host : null,
    now,
    warn: logAtMost({ log, every: LOG_EVERY_MS, now }),
    info: (line) => log.info(line),
  });
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis, skipMetasUpdate: true });
  queue.on("error", (error) => throttled("warn", {}, `the board's queue: ${error.message}`));
  const closeQueue = () => within(queue.close().catch(warn), QUEUE_CLOSE_MS);
  const warn = (error: Error) => log.warn(`closing the board's queue: ${error.message}`);

  const live = createLiveHub({ log: throttled });
  const vitals = watchVitals();
  const board: Board = {
    config,
    redis,
    queue,
    store: createIssueStore(redis),
    probe: createRedisProbe(redis),
    access,
    charts: remember(() => readChartFacts(redis, now()), { ms: CHARTS_MS, now }),
    live,
    vitals,
    now,
  };
  const rules = { loopback, publicHost: publicUrl?.host ?? null };
  const server = await listen(createApp(board, rules, throttled), { host, port }).catch(async (error: unknown) => {
    live.close();
    vitals.close();
    await closeQueue();
    throw error;
  });

  const url = urlOf(server, host);
  // With board.url, only that address is shown: in a container, the addresses of its interfaces do not work on other machines.
  const everywhere = publicUrl === null && isEverywhere(host);
  const ports = { port: Number(new URL(url).port), ipv6: host === "::" };
  const addresses = everywhere ? outerAddresses(networkInterfaces(), ports) : [];
  const address = { listens: url, url: publicUrl?.origin ?? url, everywhere, addresses };
  const { url: shown } = addressFor(address, {});
  withdrawLinks(dataFolder);
  for (const warning of secrets.warnings) log.warn(warning);
  for (const { text, advice } of boardWarnings(config)) log.warn(`${text}: ${advice}`);
  try {
    writeBoardAddress(dataFolder, address);
    deps.onLink?.(createLink(shown, { dataFolder, now: now(), lifeMs: FIRST_LINK_MS }));
  } catch (error) {
    log.warn(
      `cannot create sign-in links: ${dataFolder} is not writable (${error instanceof Error ? error.message : ""})`,
    );
  }
  if (deps.openCommand === undefined) {
    const place = secrets.passwordFile === null ? "the password that you have set" : `in ${secrets.passwordFile}`;
    log.info(`sign in: ${openCommand} prints a link; the password is ${place}`);
  }
  const others = addresses.filter((one) => one !== shown);
  if (others.length > 0) log.info(`the board is also at ${others.join(", ")}`);
  // This line is last, because `up` creates a link when it reads it.
  log.info(`board at ${shown}`);

  let closing: Promise<void> | null = null;
  return {
    url,
    close() {
      live.close();
      vitals.close();
      closing ??= closeServer(server).then(async () => void (await closeQueue()));
      return closing;
    },
  };
}
