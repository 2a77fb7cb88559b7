import { storedSecret, variable } from "@tac8/core/config/environment";
import { joinFiles } from "@tac8/core/config/joined";
import { describeProblems, loadConfig } from "@tac8/core/config/load";
import {
  isRedisUrl,
  isSentinelUrl,
  isTls,
  passwordOf,
  redisAddress,
  withCa,
  withPassword,
} from "@tac8/core/config/redisUrl";
import type { Config } from "@tac8/core/config/resolve";
import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { RECORD_FORMAT } from "@tac8/core/domain/format";
import { presentRunners } from "@tac8/core/status/snapshot";
import { isMachineName, readOrNull, readShare } from "@tac8/core/share/files";
import { parseToken, type JoinToken } from "../share/token.ts";
import { clockOffset } from "@tac8/core/state/clock";
import { readRunners } from "@tac8/core/state/presence";
import { rm } from "node:fs/promises";
import type { Context } from "../context/context.ts";
import { Problem, WrongUsage } from "../problems/problem.ts";
import { writeSecret } from "../init/secretFile.ts";
import { fetchCa } from "../join/fetchCa.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { redisUrlIn } from "../redis/record.ts";
import type { Prompt } from "../terminal/prompt.ts";
import { warn } from "../terminal/warn.ts";
import { service } from "./service.ts";

const FORM = "expected rediss://NAME@HOST:PORT, as tac8 share printed it";
/** A runner whose clock differs by more than this processes no jobs. */
const MAX_AHEAD_MS = 60_000;

/** Make this machine a runner of the tac8 on another machine, with the address and the token that `tac8 share` printed there. */
export async function join(context: Context, { args, options }: Input): Promise<number> {
  const { env, cwd, out, openPrompt } = context;
  const flag = options["config"] as string | undefined;
  const loaded = loadConfig({ flag, env, cwd });
  const { draft, dataFolder, path, found } = loaded;
  if (draft === null || dataFolder === null) throw new Problem(describeProblems(loaded.problems, path).split("\n"));
  const files = joinFiles(draft.dataFolder);
  if (options["leave"] === true) return leave(context, draft);
  if (!found)
    throw new Problem(
      `no configuration file: copy config.toml from the first machine to ${path}, then run tac8 join again`,
    );
  // A wrong stored address is not an error, because this command replaces it.
  const problems = loaded.problems.filter(({ key }) => key !== files.url);
  if (problems.length > 0) throw new Problem(describeProblems(problems, path).split("\n"));
  mustBeFree(context, draft);

  const prompt = openPrompt?.() ?? null;
  try {
    const url = await addressOf(args[0], { before: readOrNull(files.url)?.trim() ?? null, prompt });
    const known = await knownTo(context, { url, files, prompt });
    await tryIt(context, { ...known, url, dataFolder: draft.dataFolder });
    makeDataFolder(draft.dataFolder);
    await writeWholeFile(files.ca, known.ca);
    await writeWholeFile(files.password, `${known.password}\n`);
    // The address is written last, because it is what makes this machine a joined one.
    await writeWholeFile(files.url, `${url}\n`);
    out.line(`This machine is now a runner of the tac8 at ${redisAddress(url)}.`);
    await askForSecrets(draft, prompt);
  } finally {
    prompt?.close();
  }
  return begin(context, { flag, wanted: options["service"] === true });
}

async function begin(
  context: Context,
  { flag, wanted }: { flag: string | undefined; wanted: boolean },
): Promise<number> {
  const { out, env, command } = context;
  if (env["TAC8_SYSTEMD"] === "system") return 0; // The calling script restarts the services.
  if (wanted) return service(context, { args: ["install"], options: { config: flag } });
  out.line(
    `Start the runner with ${command} up, or as a service that also starts after a reboot: ${command} service install`,
  );
  return 0;
}

async function leave({ env, out, command }: Context, { joined, dataFolder, redisUrl }: Config): Promise<number> {
  const files = joinFiles(dataFolder);
  for (const path of [files.url, files.password, files.ca]) await rm(path, { force: true });
  if (!joined) {
    out.line("This machine has not joined another machine.");
    return 0;
  }
  const isService = env["TAC8_SYSTEMD"] === "system";
  out.line(`This machine has left the tac8 at ${redisAddress(redisUrl)}${isService ? "." : ": stop its runner."}`);
  if (isService) return 0; // The calling script stops the services, and prints how to start them.
  const stop = `${command} service uninstall, if it is a service`;
  out.line("tac8 on this machine is now independent again, with its own Redis, also after a reboot.");
  out.line(
    `If both are configured for the same repositories, both work on the same issues: change config.toml here, or stop it: ${stop}`,
  );
  return 0;
}

/** Check that this machine uses no other Redis. @throws Problem */
function mustBeFree({ env, command }: Context, { dataFolder }: Config): void {
  const isService = env["TAC8_SYSTEMD"] === "system";
  if (variable(env, "REDIS_URL") !== null && !isService)
    throw new Problem("REDIS_URL is set and would take precedence over the joined machine: unset it first");
  const password = ["REDIS_PASSWORD", "REDIS_PASSWORD_FILE"].find((name) => variable(env, name) !== null);
  if (password !== undefined)
    throw new Problem(`${password} is set and would take precedence over the token's password: remove it first`);
  if (readShare(dataFolder) !== null)
    throw new Problem(
      `this machine shares its own tac8 with others: run ${command} unshare --all first, or join from another machine`,
    );
  if (!isService && redisUrlIn([dataFolder]) !== null)
    throw new Problem(`${command} up is running here with its own Redis: stop it first. Its issues stay in that Redis`);
}

async function addressOf(
  given: string | undefined,
  { before, prompt }: { readonly before: string | null; readonly prompt: Prompt | null },
): Promise<string> {
  const url = given ?? before ?? (await prompt?.ask("Address (rediss://NAME@HOST:PORT): "));
  if (url === undefined) throw new WrongUsage(`no address given: run tac8 join rediss://NAME@HOST:PORT`);
  // The text may be a secret, so the error does not repeat it.
  if (parseToken(url) !== null) throw new WrongUsage(`this is a token, not an address: ${FORM}`);
  if (!isRedisUrl(url) || !isTls(url) || isSentinelUrl(url))
    throw new WrongUsage(`${url.replace(/^.*@/s, "***@").slice(0, 100)}: ${FORM}`);
  if (passwordOf(url) !== null)
    throw new WrongUsage(`an address with a password is visible to every program on this machine: ${FORM}`);
  if (!isMachineName(new URL(url).username)) throw new WrongUsage(`the address has no machine name: ${FORM}`);
  return url;
}

/** Return the CA and the password of the other machine: from the token or, without a token, from an earlier join. */
async function knownTo(
  context: Context,
  given: { url: string; files: ReturnType<typeof joinFiles>; prompt: Prompt | null },
): Promise<{ ca: string; password: string }> {
  const { url, files, prompt } = given;
  const before = { ca: readOrNull(files.ca), password: readOrNull(files.password)?.trim() ?? null };
  const isKnown = before.ca !== null && before.password !== null;
  const token = await tokenOf(context, { prompt, isKnown });
  if (token === null) {
    if (before.ca !== null && before.password !== null) return { ca: before.ca, password: before.password };
    throw new WrongUsage("the token is missing: pass the token that tac8 share printed on standard input");
  }
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return {
    ca: await fetchCa({ host, port: Number(port || 6379), fingerprint: token.fingerprint }),
    password: token.password,
  };
}

async function tokenOf(
  context: Context,
  { prompt, isKnown }: { readonly prompt: Prompt | null; readonly isKnown: boolean },
): Promise<JoinToken | null> {
  const question = isKnown ? "Token (not shown; empty to keep the current one): " : "Token (not shown): ";
  const text = prompt === null ? await context.readInput() : await prompt.askHidden(question);
  if (text.trim() === "") return null;
  const token = parseToken(text);
  if (token === null)
    throw new Problem("that is not a token: expected the line that starts with tac8-1, as tac8 share printed it");
  return token;
}

/** Check that this machine can work with the other one. @throws Problem */
async function tryIt(
  { err }: Context,
  given: { url: string; ca: string; password: string; dataFolder: string },
): Promise<void> {
  const { url, ca, password, dataFolder } = given;
  makeDataFolder(dataFolder);
  const path = `${joinFiles(dataFolder).ca}.new`;
  await writeWholeFile(path, ca);
  try {
    const full = withPassword(withCa(url, path), password);
    await withRedis(
      full,
      async (redis) => {
        const ahead = await clockOffset(redis);
        if (Math.abs(ahead) > MAX_AHEAD_MS) {
          const how = `${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? "ahead of" : "behind"}`;
          throw new Problem(
            `this machine's clock is ${how} the one at ${redisAddress(url)}: correct it (timedatectl set-ntp true), then run tac8 join again`,
          );
        }
        const present = presentRunners(await readRunners(redis), Date.now());
        const newest = Math.max(RECORD_FORMAT, ...present.map(({ format = 0 }) => format));
        if (newest > RECORD_FORMAT)
          warn(
            err,
            "tac8 on this machine is older than on the other machine, so this runner skips jobs that a newer runner has processed: upgrade it",
          );
      },
      "check that tac8 is running there, and the address",
    );
  } finally {
    await rm(path, { force: true });
  }
}

/** Ask for the GitHub token if this machine has no credentials, because a runner cannot work without them. */
async function askForSecrets({ secrets, github, dataFolder }: Config, prompt: Prompt | null): Promise<void> {
  if (secrets.github !== null || prompt === null || github.app_id !== undefined) return;
  const secret = await prompt.askHidden("GitHub token, as on the first machine (not shown; empty to skip): ");
  if (secret !== "") await writeSecret(storedSecret(dataFolder, "GITHUB_TOKEN"), secret);
}
