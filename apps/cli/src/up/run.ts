import { messageOf } from "@tac8/core/domain/messageOf";
import { isSameProcess } from "@tac8/core/process/procfs";
import type { Config } from "@tac8/core/config/resolve";
import { passSecrets } from "@tac8/core/app/ownSecrets";
import { loadConfig } from "@tac8/core/config/load";
import { proxyFor } from "@tac8/core/config/proxy";
import { redisAddress } from "@tac8/core/config/redisUrl";
import { askRefused } from "@tac8/core/github/askRefused";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AppSpec, Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { checkRedis } from "../redis/connect.ts";
import { startEmbeddedRedis, type EmbeddedRedis } from "../redis/embedded.ts";
import { readRecord } from "../redis/record.ts";
import { checkAccess } from "./access.ts";
import { boardLines } from "./boardLines.ts";
import { inStopOrder, LOCAL_GITHUB, stopLimitMs } from "./apps.ts";
import { keepRunning, type Child } from "./child.ts";
import { childEnvironment } from "./environment.ts";
import { openLogFile } from "./logFile.ts";
import { boardAddress, parseLogLine } from "./logLine.ts";
import { lockDataFolder } from "./lock.ts";
import { preflight } from "./preflight.ts";
import { createScreen, type Screen } from "./screen.ts";

export interface UpPlan {
  readonly config: Config;
  readonly configPath: string;
  /** Environment of the apps, before `up` adds its own variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A Redis of the operator's; null: `up` starts its own in the data folder. */
  readonly redisUrl: string | null;
  readonly demo: DemoParts | null;
  /** Names of the apps to start; null: all of them. */
  readonly only?: readonly string[] | null;
  /** Whether the data folder was created. The banner shows it, because the configuration may have been moved. */
  readonly newFolder?: boolean;
}

export interface DemoParts {
  readonly github: AppSpec;
  readonly githubUrl: string;
  /** Resolves when the local GitHub responds. */
  readonly githubReady: (signal: AbortSignal) => Promise<void>;
  readonly githubEnv: Readonly<Record<string, string>>;
}

/** Maximum number of fatal errors to keep of an app, which logs one line per problem. */
const MAX_LAST_WORDS = 5;
/** How long to wait for the port of a board that is still ending because an earlier `up` was killed. */
const LEFTOVER_WAIT_MS = 10_000;

const SAME_KEY_PRESS_MS = 500;

/** Run tac8 until a signal arrives. @returns the exit code: 0 if all programs stopped cleanly. @throws Problem */
export async function runUp(context: Context, plan: UpPlan): Promise<number> {
  const lock = await lockDataFolder(plan.config.dataFolder);
  try {
    return await runLocked(context, { ...plan, newFolder: lock.made });
  } finally {
    lock.release();
  }
}

/** Like `runUp`, for a caller that has the lock of the data folder. */
export async function runLocked(context: Context, plan: UpPlan): Promise<number> {
  const screen = createScreen(context);
  const stop = new AbortController();
  const fatal = Promise.withResolvers<Problem>();
  const children: Child[] = [];
  let redis: EmbeddedRedis | null = null;
  const samePressMs = context.waits?.samePress ?? SAME_KEY_PRESS_MS;
  let stopRequestedAt = 0;
  const off = context.onSignal((signal) => {
    if (context.out.columns !== null) context.out.line(""); // The terminal has just shown ^C.
    if (stop.signal.aborted) {
      // A service manager or a script may signal the whole process group, so that the signal also arrives through the launcher.
      // Only an operator's second Ctrl-C means an immediate stop.
      if (signal !== "SIGINT" || context.now() - stopRequestedAt < samePressMs) return;
      screen.note("stopping immediately");
      for (const child of children) child.kill();
      return;
    }
    screen.note("stopping: running work is saved and requeued; press Ctrl-C again to stop immediately");
    stopRequestedAt = context.now();
    stop.abort();
  });
  const stopped = new Promise<null>((resolve) => stop.signal.addEventListener("abort", () => resolve(null)));
  let problem: unknown = null;
  try {
    await check(context, { plan, screen, signal: stop.signal });
    const { dataFolder } = plan.config;
    if (plan.redisUrl === null)
      redis = await startEmbeddedRedis({ dataFolder, warn: (line) => screen.warn("redis", line) });
    const redisUrl = redis?.url ?? plan.redisUrl ?? "";
    screen.banner(bannerLines(plan, { redisUrl, command: commandFor(context, plan) }));
    const start = starter(context, { plan, screen, redisUrl, fatal: fatal.resolve });
    if (plan.demo !== null && !stop.signal.aborted) {
      children.push(start(plan.demo.github, plan.demo.githubEnv));
      const early = await Promise.race([plan.demo.githubReady(stop.signal), fatal.promise]);
      if (early instanceof Problem) throw early;
      screen.address("GitHub", plan.demo.githubUrl);
    }
    const apps = context.apps.filter(({ name }) => plan.only?.includes(name) ?? true);
    if (!stop.signal.aborted) children.push(...apps.map((app) => start(app, {})));
    problem = await Promise.race([stopped, fatal.promise]);
  } catch (error) {
    if (!stop.signal.aborted) problem = error;
  }
  if (problem !== null) stop.abort();
  const clean = await shutDown({ children, redis, plan, screen });
  off();
  if (problem !== null) throw problem;
  screen.note("stopped");
  return clean ? 0 : 1;
}

async function check(
  context: Context,
  { plan, screen, signal }: { plan: UpPlan; screen: Screen; signal: AbortSignal },
): Promise<void> {
  const { config } = plan;
  const record = readRecord(config.dataFolder);
  const leftover = record !== null && isSameProcess(record);
  const problems = await preflight({
    config,
    path: context.env["PATH"] ?? "",
    embeddedRedis: plan.redisUrl === null,
    board: plan.only?.includes("board") ?? true,
    portWaitMs: leftover ? LEFTOVER_WAIT_MS : 0,
  });
  if (problems.length > 0) throw new Problem(problems);
  if (plan.redisUrl !== null) await checkRedis(plan.redisUrl);
  if (plan.demo !== null || signal.aborted) return; // The demo's GitHub is not running yet, and its token is valid.
  const access = await askRefused(() => checkAccess(config, signal), {
    isRefused: ({ problems: refusals }) => refusals.length > 0,
    onRefused: ({ problems: refusals }) => screen.warn("tac8", `checking the token again: ${refusals[0] ?? ""}`),
    signal,
    waitsMs: context.waits?.githubRefusals,
  });
  if (access.problems.length > 0) throw new Problem(access.problems);
  for (const line of access.warnings) screen.warn("tac8", line);
}

/** Return a function that starts an app. Its lines go to the screen and to its log file; its address and last errors are kept. */
function starter(
  context: Context,
  given: { plan: UpPlan; screen: Screen; redisUrl: string; fatal: (problem: Problem) => void },
): (app: AppSpec, extra: Readonly<Record<string, string>>) => Child {
  const { plan, screen, redisUrl, fatal } = given;
  const { node, cwd, now } = context;
  const { dataFolder } = plan.config;
  const logs = join(dataFolder, "logs");
  mkdirSync(logs, { recursive: true });
  const openCommand = `${commandFor(context, plan)} open`;
  const showBoard = (logged: string): void => {
    const isTerminal = context.out.columns !== null;
    try {
      const lines = boardLines({ logged, dataFolder, env: context.env, openCommand, isTerminal, now: now() });
      screen.address("Board", lines.url, lines.notes);
    } catch (error) {
      screen.address("Board", logged);
      screen.warn("tac8", `cannot create a sign-in link: ${messageOf(error)}`);
    }
  };
  return (app, extra) => {
    const file = openLogFile({ path: join(logs, `${app.name}.log`), warn: (line) => screen.warn("tac8", line) });
    let lastError: string | null = null;
    let lastWords: readonly string[] = [];
    const all = childEnvironment({
      env: plan.env,
      node,
      redisUrl,
      ownRedis: plan.redisUrl === null,
      dataFolder,
      configPath: plan.configPath,
      openCommand,
      extra,
    });
    const { env, input: secrets } = passSecrets(all);
    return keepRunning({
      app,
      node,
      cwd,
      env,
      secrets,
      onLine(text, stream) {
        file.append(text);
        const line = parseLogLine(text, { now: now(), stream });
        if (line === null) return;
        // Text on standard error that is not a log line is from a start that failed at its configuration.
        if (line.level === "error" || stream === "stderr") lastError = line.message;
        // Fatal errors are shown in the line about the end of the app.
        if (line.level === "fatal") {
          lastWords = [...lastWords, line.message].slice(-MAX_LAST_WORDS);
          return;
        }
        const address = app.name === "board" ? boardAddress(line) : null;
        if (address !== null) {
          showBoard(address);
          return;
        }
        // The demo's GitHub only logs its address, which is shown when it responds.
        if (app.name !== LOCAL_GITHUB.name || line.level !== "info") screen.event(app.name, line);
      },
      takeReason(refused) {
        const reason = lastWords.length > 0 ? lastWords.join("; ") : refused ? (lastError ?? `see ${logs}`) : null;
        [lastWords, lastError] = [[], null];
        return reason;
      },
      onRestart: (line) => screen.warn(app.name, line),
      onRecovered: (line) =>
        screen.event(app.name, { at: now(), level: "info", message: line, issue: null, url: null }),
      onAbandoned: (why) => fatal(new Problem(why)),
    });
  };
}

async function shutDown(given: {
  children: readonly Child[];
  redis: EmbeddedRedis | null;
  plan: UpPlan;
  screen: Screen;
}): Promise<boolean> {
  const { children, redis, plan, screen } = given;
  let clean = true;
  for (const child of inStopOrder(children)) {
    const ok = await child.stop(stopLimitMs(child.name, plan.config.coordinator.shutdown_grace_seconds));
    if (!ok) screen.warn(child.name, "did not stop cleanly");
    clean &&= ok;
  }
  if (redis !== null && !(await redis.stop())) {
    screen.warn("redis", "did not stop in time and was killed");
    clean = false;
  }
  return clean;
}

/** Return the command for hints. For the demo it names the configuration, because other commands would use another one. */
function commandFor({ command, env, cwd }: Context, { configPath, demo }: UpPlan): string {
  const { found } = loadConfig({ env, cwd });
  return demo !== null && found ? `${command} --config ${configPath}` : command;
}

const demoHints = (command: string) => [
  "One of the agents will ask a question: answer it on the page of its issue, and the work continues",
  `In another terminal: ${command} status, or ${command} monitor`,
];

/** Paths are absolute, so that an operator can paste them into another terminal. */
function bannerLines(plan: UpPlan, { redisUrl, command }: { redisUrl: string; command: string }): string[] {
  const { config, configPath, demo, newFolder = false } = plan;
  const names = config.repositories.map(({ owner, repo }) => `${owner}/${repo}`);
  const some = names.length > 3 ? `${names.length} repositories` : names.join(", ");
  const whose = plan.redisUrl === null ? " (its own)" : "";
  const proxy = proxyFor(config.github.api_url, plan.env);
  return [
    demo === null ? `tac8 works on ${some}` : "tac8 demo: a local GitHub with five issues, and a scripted agent",
    ...(demo === null ? [`Configuration in ${configPath}`] : []),
    `Data in ${config.dataFolder}${newFolder ? " (a new folder)" : ""}`,
    ...(proxy === null ? [] : [`GitHub through the proxy ${proxy.shown} (${proxy.variable})`]),
    `Logs in ${join(config.dataFolder, "logs")}`,
    `Redis at ${redisAddress(redisUrl)}${whose}`,
    ...(demo === null ? [] : demoHints(command)),
  ];
}
