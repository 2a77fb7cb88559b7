// The exit: an HTTP proxy in its own container, and the only way out for runners in containers. Its only key is its
// password.
import { messageOf } from "@tac8/core/domain/messageOf";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { EXIT_CONFIG } from "../../../../bin/lib/exitCode.mjs";
import { readOrCreateSecret } from "@tac8/core/app/readOrCreateSecret";
import { startHeartbeat } from "@tac8/core/app/heartbeat";
import { removeSecrets } from "@tac8/core/app/ownSecrets";
import { variable } from "@tac8/core/config/environment";
import { loadConfig } from "@tac8/core/config/load";
import { proxyFor, proxySecrets, unusableProxies } from "@tac8/core/config/proxy";
import { lineFormat } from "@tac8/core/log/journal";
import { createLogger } from "@tac8/core/log/logger";
import { allowedBy } from "./allow.ts";
import { openExit } from "./open.ts";

const PORT = 3128;
const ANSWER_MS = 5000;

process.title = "tac8 exit";
const { env } = removeSecrets(process.env);
const { draft } = loadConfig({ env, cwd: process.cwd() });
const { entries, problems } = allowedBy(env, draft);
const wrong = [
  ...problems,
  ...unusableProxies(env).map((name) => `environment variable ${name}: expected http://HOST:PORT`),
];
const path = variable(env, "TAC8_EXIT_PASSWORD_FILE");
if (path === null) wrong.push("environment variable TAC8_EXIT_PASSWORD_FILE: expected the path of the password's file");

if (path === null || wrong.length > 0) {
  for (const line of wrong) process.stderr.write(`${line}\n`);
  process.exitCode = EXIT_CONFIG;
} else await run(path);

async function run(passwordFile: string): Promise<void> {
  let password: string;
  try {
    password = readOrCreateSecret(passwordFile, { make: () => randomBytes(32).toString("hex") });
  } catch (error) {
    const why = messageOf(error);
    process.stderr.write(`the exit's password cannot be kept in ${passwordFile}: ${why}\n`);
    process.exitCode = EXIT_CONFIG;
    return;
  }
  const level = draft?.logLevel ?? "info";
  const secrets = [password, ...proxySecrets(env)];
  const log = createLogger({ name: "exit", level: level as "info", format: lineFormat(env), secrets });
  const host = variable(env, "TAC8_EXIT_HOST") ?? "127.0.0.1";
  const port = Number(variable(env, "TAC8_EXIT_PORT") ?? PORT);
  const exit = await openExit({ host, port, password, allow: entries, proxyEnv: env, log });
  const heart = startHeartbeat(variable(env, "TAC8_HEARTBEAT_FILE") ?? undefined, log, () => answers(host, exit.port));
  const proxy = proxyFor("https://api.github.com/", env) ?? proxyFor("http://api.github.com/", env);
  const through = proxy === null ? "" : `, through the proxy ${proxy.shown} (${proxy.variable})`;
  log.info(
    { port: exit.port, allowed: entries.map(({ host, port }) => `${host}:${port ?? "80,443"}`) },
    `exit ready${through}`,
  );
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (heart !== null) clearInterval(heart);
      void exit.close().then(() => log.info("closed"));
    });
  }
}

/** Send a request without a password. @throws Error if the exit does not answer */
async function answers(host: string, port: number): Promise<void> {
  const health = get({ host, port, path: "/healthz", agent: false, signal: AbortSignal.timeout(ANSWER_MS) });
  const [response] = (await once(health, "response")) as [IncomingMessage];
  response.resume();
  if (response.statusCode !== 200) throw new Error(`the exit answered ${response.statusCode}`);
}
