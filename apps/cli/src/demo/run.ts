import { loadConfig } from "@tac8/core/config/load";
import { freePort } from "@tac8/sandbox/redis";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { stopLeftover } from "../redis/embedded.ts";
import { demoDataFolder } from "./findDemo.ts";
import { LOCAL_GITHUB } from "../up/apps.ts";
import { demoEnvironment } from "../up/environment.ts";
import { lockDataFolder } from "../up/lock.ts";
import { portProblem } from "../up/port.ts";
import { runLocked } from "../up/run.ts";
import { DEMO_REPOSITORY, DEMO_TOKEN, demoConfig, emptyDemoFolder, writeDemoConfig } from "./files.ts";

const SCRIPTED_AGENT = new URL("../../../../packages/sandbox/src/agent/main.ts", import.meta.url);
const HOST = "127.0.0.1";
const GITHUB_PORT = 4000;
const BOARD_PORT = 3000;
const GITHUB_START_MS = 60_000;

/** Run the demo in its own data folder, which is emptied each time. @returns the exit code. @throws Problem */
export async function runDemo(context: Context): Promise<number> {
  const { env, cwd, node } = context;
  const dataFolder = demoDataFolder(context);
  const lock = await lockDataFolder(dataFolder);
  try {
    await stopLeftover(dataFolder);
    emptyDemoFolder(dataFolder);
    const port = await preferred(GITHUB_PORT);
    const githubUrl = `http://${HOST}:${port}`;
    const agent = [node, fileURLToPath(SCRIPTED_AGENT)];
    const boardPort = env["TAC8_BOARD_PORT"] ? BOARD_PORT : await preferred(BOARD_PORT);
    const configPath = writeDemoConfig(dataFolder, demoConfig({ githubUrl, agent, boardPort }));
    const demoEnv = {
      ...demoEnvironment(env),
      GITHUB_TOKEN: DEMO_TOKEN,
      TAC8_HOME: dataFolder,
    };
    const { config, problems } = loadConfig({ flag: configPath, env: demoEnv, cwd });
    if (config === null) throw new Problem(problems.map(({ key, message }) => `${key}: ${message}`));
    const githubEnv = { SANDBOX_HOST: HOST, SANDBOX_PORT: String(port), SANDBOX_DIR: join(dataFolder, "github") };
    const githubReady = (signal: AbortSignal) => waitForGitHub(githubUrl, signal);
    const demo = { github: LOCAL_GITHUB, githubUrl, githubEnv, githubReady };
    return await runLocked(context, { config, configPath, env: demoEnv, redisUrl: null, demo });
  } finally {
    lock.release();
  }
}

async function preferred(port: number): Promise<number> {
  return (await portProblem(HOST, port)) === null ? port : await freePort();
}

/** Wait until the local GitHub has issues, which it creates last when it starts. */
async function waitForGitHub(url: string, signal: AbortSignal): Promise<void> {
  const end = performance.now() + GITHUB_START_MS;
  const issues = `${url}/repos/${DEMO_REPOSITORY.owner}/${DEMO_REPOSITORY.name}/issues`;
  while (performance.now() < end) {
    if (await hasIssues(issues, signal)) return;
    await sleep(100, undefined, { signal });
  }
  throw new Problem(`the demo's local GitHub does not respond at ${url}: see its log, github.log`);
}

async function hasIssues(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const headers = { authorization: `token ${DEMO_TOKEN}` };
    const answer = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) });
    const list: unknown = await answer.json();
    return answer.ok && Array.isArray(list) && list.length > 0;
  } catch {
    signal.throwIfAborted();
    return false; // Not listening yet.
  }
}
