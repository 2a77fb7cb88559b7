import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import type { Logger } from "@tac8/core/log/logger";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { watchVitals } from "@tac8/core/app/vitals";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { isLoopback } from "./access/loopback.ts";
import { makePassword } from "./access/password.ts";
import { createApp } from "./app.ts";
import type { Board } from "./board.ts";
import { readChartFacts } from "./charts/read.ts";
import { closeServer, listen, urlOf } from "./http/listen.ts";
import { createLiveHub } from "./live/hub.ts";
import { createRedisProbe } from "./redis/probe.ts";
import { remember } from "./redis/remember.ts";
import { withTime } from "./redis/withTime.ts";

export interface BoardDeps {
  readonly log: Logger;
  /** Borrowed; need not be connected yet. Must have `maxRetriesPerRequest: null`. */
  readonly redis: Redis;
  readonly now?: () => number;
  /** Told of a password that the board made for itself. */
  readonly onPassword?: (password: string) => void;
}

export interface RunningBoard {
  /** Address to open on this machine, without a slash at its end. */
  readonly url: string;
  /** Idempotent; takes 3 s at most. */
  close(): Promise<void>;
}

const LOG_EVERY_MS = 5000;
const QUEUE_CLOSE_MS = 2000;
/** Samples come every few minutes. */
const CHARTS_MS = 60_000;

/**
 * Starts the board on `config.board`. Does not wait for Redis: without it, pages say so.
 * @throws Error with one line for a person when it cannot listen
 */
export async function start(config: Config, deps: BoardDeps): Promise<RunningBoard> {
  const { log, redis, now = Date.now } = deps;
  const { host, port } = config.board;
  const loopback = isLoopback(host);
  const given = config.secrets.boardPassword;
  const password = given ?? (loopback ? null : makePassword());

  const throttled = logAtMost({ log, every: LOG_EVERY_MS, now });
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis, skipMetasUpdate: true });
  queue.on("error", (error) => throttled("warn", {}, `the board's queue: ${error.message}`));
  const closeQueue = () => withTime(queue.close().catch(tell), QUEUE_CLOSE_MS);
  const tell = (error: Error) => log.warn(`closing the board's queue: ${error.message}`);

  const live = createLiveHub({ log: throttled });
  const vitals = watchVitals();
  const board: Board = {
    config,
    redis,
    queue,
    store: createIssueStore(redis),
    probe: createRedisProbe(redis),
    password,
    charts: remember(() => readChartFacts(redis, now()), { ms: CHARTS_MS, now }),
    live,
    vitals,
    now,
  };
  const server = await listen(createApp(board, { loopback, password }, throttled), { host, port }).catch(
    async (error: unknown) => {
      live.close();
      vitals.close();
      await closeQueue();
      throw error;
    },
  );

  const url = urlOf(server, host);
  log.info(`board at ${url}`);
  if (given === null && password !== null) {
    // At its own level: whoever logs warnings only must be able to get in.
    const message = `board password (any user name; set TAC8_BOARD_PASSWORD to choose your own): ${password}`;
    log.child({}, { level: "info" }).info(message);
    deps.onPassword?.(password);
  }

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
