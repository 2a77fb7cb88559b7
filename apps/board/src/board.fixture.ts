import { once, type EventEmitter } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveConfig } from "@tac8/core/config/resolve";
import { createLogger } from "@tac8/core/log/logger";
import { connectRedis } from "@tac8/core/queue/redis";
import { startRedisServer } from "@tac8/sandbox/redis";
import { start, type RunningBoard } from "./start.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Wait for the event, and ignore errors before it: a client that reconnects emits many. */
export function received(emitter: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => emitter.once(event, () => resolve()));
}

/** Cleanup steps of a test, last in, first out. */
export class Cleanup {
  readonly #steps: (() => unknown)[] = [];
  add(step: () => unknown): void {
    this.#steps.push(step);
  }
  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step();
  }
}

/** Start a Redis server for the test, with a connected client. */
export async function setUpRedis(cleanup: Cleanup) {
  const dir = await mkdtemp(join(tmpdir(), "tac8-board-"));
  cleanup.add(() => rm(dir, { recursive: true, force: true }));
  const server = await startRedisServer({ dir });
  cleanup.add(() => server.stop("SIGKILL"));
  const redis = connectRedis(server.url, { name: "board-test", onError: () => undefined });
  cleanup.add(() => redis.disconnect());
  if (redis.status !== "ready") await received(redis, "ready");
  return { dir, server, redis };
}

export interface BoardSetup {
  readonly redis: Awaited<ReturnType<typeof setUpRedis>>["redis"];
  /** Lines of the `[board]` table. */
  readonly board?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text of every file that a variable `NAME_FILE` names. */
  readonly secretFile?: string;
  /** Data folder; default: a new one. */
  readonly dataFolder?: string;
  readonly now?: () => number;
}

export interface TestBoard extends RunningBoard {
  readonly lines: string[];
  readonly dataFolder: string;
  /** Sign-in link, which works once. */
  readonly link: string;
}

/** The default password of the boards in tests. */
const PASSWORD = "the board's password";
/** Headers of a script that knows the password. */
export const KNOWN = { authorization: `Basic ${Buffer.from(`:${PASSWORD}`).toString("base64")}` };

/** Start a board on a free port of loopback. `lines`: the log. */
export async function setUpBoard(
  cleanup: Cleanup,
  { redis, board = "", env = {}, secretFile = "", dataFolder, now }: BoardSetup,
): Promise<TestBoard> {
  const folderOfData = dataFolder ?? (await mkdtemp(join(tmpdir(), "tac8-board-home-")));
  cleanup.add(() => rm(folderOfData, { recursive: true, force: true }));
  const text = `[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n[board]\nport = 0\n${board}`;
  const folder = { realPath: "/nowhere", oldNames: [] };
  const withHome = { TAC8_HOME: folderOfData, TAC8_BOARD_PASSWORD: PASSWORD, ...env };
  const input = { text, path: "/nowhere/config.toml", folder, env: withHome, readSecretFile: () => secretFile };
  const { config, problems } = resolveConfig(input);
  if (config === null) throw new Error(JSON.stringify(problems));
  const lines: string[] = [];
  const links: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: "board", level: "info", destination, secrets: config.secrets.values });
  const running = await start(config, {
    log,
    redis,
    onLink: (link) => links.push(link),
    ...(now === undefined ? {} : { now }),
  });
  cleanup.add(() => running.close());
  return { ...running, lines, dataFolder: folderOfData, link: links[0] ?? "" };
}

export interface Question {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Address to connect from. */
  readonly localAddress?: string;
}

/** Send one request of a script that knows the password. */
export function ask(url: string, { headers, ...options }: Question = {}): Promise<Answer> {
  return askAsStranger(url, { ...options, headers: { ...KNOWN, ...headers } });
}

/** Send one request on a separate connection, with only these headers. */
export async function askAsStranger(url: string, { body: sent, ...options }: Question = {}): Promise<Answer> {
  const outgoing = request(url, { ...options, agent: false });
  const response = once(outgoing, "response");
  outgoing.end(sent);
  const [incoming] = (await response) as [IncomingMessage];
  const body = (await incoming.setEncoding("utf8").toArray()).join("");
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
}
