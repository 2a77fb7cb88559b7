import { messageOf } from "@tac8/core/domain/messageOf";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { storedSecret, variable } from "@tac8/core/config/environment";
import { MODEL_SECRETS, type SecretName } from "@tac8/core/config/variables";
import { NO_DATA_FOLDER } from "@tac8/core/config/dataFolder";
import type { AppCredentials } from "@tac8/core/config/credentials";
import { findDataFolder, loadConfig } from "@tac8/core/config/load";
import { configPlaces } from "@tac8/core/config/resolve";
import type { MadeApp } from "../init/app/manifest.ts";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem, unreachable, WrongUsage } from "../problems/problem.ts";
import { runChecks } from "../doctor/run.ts";
import { openDoctorInput } from "../doctor/doctorInput.ts";
import { CHECKS } from "../doctor/checks/table.ts";
import { parseRepository, renderConfig, shellWord, type Repository } from "../init/answers.ts";
import { awaitInstallation } from "../init/app/awaitInstallation.ts";
import { makeApp } from "../init/app/make.ts";
import { checkSecret, linkSecret, writeSecret } from "../init/secretFile.ts";
import type { Input } from "../context/program.ts";
import type { Prompt } from "../terminal/prompt.ts";
import { show } from "./doctor.ts";

/** Create the configuration. Exit codes: 0 ok, 1 doctor found a problem or nothing was written, 2 a value is missing. */
export async function init(context: Context, { options }: Input): Promise<number> {
  const { env, cwd, out } = context;
  const text = (name: string) => options[name] as string | undefined;
  const [path] = configPlaces(text("config"), env, cwd).paths;
  const [force, withApp] = [options["force"] === true, options["app"] === true];
  const tokenFile = text("tokenFile");
  if (withApp && tokenFile !== undefined) throw new WrongUsage("give --app or --token-file, not both");
  // If an earlier init was interrupted before the App was installed, continue with the installation.
  const begun = withApp && !force ? appOf({ ...context, env: withoutToken(env) }, path) : null;
  if (begun !== null) return finishApp(context, { path, ...begun });
  const folder = findDataFolder(path, env);
  if (folder === null) throw new Problem(NO_DATA_FOLDER);
  const prompt = options["yes"] === true ? null : (context.openPrompt?.() ?? null);
  let given: Given;
  try {
    await mayWrite(path, { force, prompt });
    const repository = await repositoryOf(text("repo"), prompt);
    const apiUrl = text("apiUrl") ?? null;
    const { problems } = renderConfig({ ...repository, apiUrl, appId: null });
    if (problems.length > 0) throw new WrongUsage(problems);
    const flag = tokenFile === undefined ? null : resolve(cwd, tokenFile);
    const token = withApp ? null : await tokenOf(context, { flag, prompt });
    const key = await keyOf(context, prompt);
    // GitHub shows the key of an App only once, so check first that it can be stored.
    if (withApp) mustBeWritable([folder.path, dirname(path)]);
    const credentials = token ?? (await appAnswer(context, { repository, apiUrl, prompt }));
    given = { repository, token: credentials, key, apiUrl };
  } finally {
    prompt?.close();
  }
  const { repository, token, key, apiUrl } = given;
  const { text: toml } = renderConfig({ ...repository, apiUrl, appId: token.kind === "app" ? token.app.id : null });
  const stored: string[] = [];
  try {
    for (const answer of [token, key]) stored.push(...(await store(folder.path, answer)));
    const kept = await keepFormer(path, toml);
    if (kept !== null) stored.unshift(`Kept the previous configuration as ${kept}: copy the settings that you need.`);
    await write(path, toml);
  } catch (error) {
    if (token.kind !== "app") throw error;
    const { id, url } = token.app;
    const line = `${messageOf(error)}. The GitHub App ${id} was already created: delete it on its page (${url}), or generate a new private key there and set github.app_id = ${id}`;
    throw new Problem(line, { cause: error });
  }
  out.line(`Wrote ${path}.`);
  for (const line of stored) out.line(line);
  const made = token.kind === "app" ? appOf({ ...context, env: withoutGitHub(env) }, path) : null;
  return made === null ? finish(context, { path, token }) : finishApp(context, { path, ...made });
}

/** Return the GitHub App of a configuration; null: the configuration is missing or invalid, or uses a token. */
function appOf({ env, cwd }: Context, path: string): (App & { readonly apiUrl: string }) | null {
  const { config } = loadConfig({ flag: path, env, cwd });
  const [repository] = config?.repositories ?? [];
  const credentials = config?.secrets.github;
  if (config === null || credentials?.kind !== "app" || repository === undefined) return null;
  return { credentials, repository, apiUrl: config.github.api_url };
}

interface App {
  readonly credentials: AppCredentials;
  readonly repository: Repository;
}

async function appAnswer(
  context: Context,
  given: { repository: Repository; apiUrl: string | null; prompt: Prompt | null },
): Promise<Answer> {
  const apiUrl = given.apiUrl ?? variable(context.env, "GITHUB_API_URL") ?? "https://api.github.com";
  const app = await untilSignal(context, (signal) => makeApp(context, { ...given, apiUrl, signal }));
  return { kind: "app", app };
}

/** Wait for the installation, create labels, and print what is left to do. Safe to repeat. @returns the exit code */
async function finishApp(context: Context, given: App & { path: string; apiUrl: string }): Promise<number> {
  const { path, repository, credentials } = given;
  const { out, command } = context;
  out.line("");
  if (await untilSignal(context, (signal) => awaitInstallation(context, { ...given, signal }))) {
    return finish(context, { path, token: { kind: "stored" } });
  }
  const name = `${repository.owner}/${repository.repo}`;
  out.line(
    `The GitHub App ${credentials.id} is not installed on ${name} yet: ${command} init --app continues from here.`,
  );
  return 1;
}

async function untilSignal<T>(context: Context, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const off = context.onSignal(() => stop.abort(new Error("interrupted")));
  try {
    return await work(stop.signal);
  } finally {
    off();
  }
}

interface Given {
  readonly repository: Repository;
  readonly token: Answer;
  readonly key: Answer;
  readonly apiUrl: string | null;
}

/** The source of a secret. `set`: the environment has it; `later`: it was skipped; `stored`: an earlier init has stored it. */
type Answer =
  | { readonly kind: "set"; readonly by: string }
  | { readonly kind: "later" }
  | { readonly kind: "stored" }
  | { readonly kind: "app"; readonly app: MadeApp }
  | { readonly kind: "file"; readonly name: SecretName; readonly path: string; readonly open: boolean }
  | { readonly kind: "typed"; readonly name: SecretName; readonly secret: string };

/** Store a secret for later starts. @returns the lines to print */
async function store(dataFolder: string, answer: Answer): Promise<string[]> {
  switch (answer.kind) {
    case "set":
      return [`${answer.by} is set in this shell and was not stored: also set it wherever you start tac8.`];
    case "later":
    case "stored":
      return [];
    case "app": {
      const path = storedSecret(dataFolder, "GITHUB_APP_PRIVATE_KEY");
      await writeSecret(path, answer.app.privateKey.trim());
      return [`Stored the private key of the GitHub App ${answer.app.slug} in ${path}, which only you can read.`];
    }
    case "typed": {
      const path = storedSecret(dataFolder, answer.name);
      removeOthers(dataFolder, answer.name);
      await writeSecret(path, answer.secret);
      return [`Stored ${answer.name} in ${path}, which only you can read.`];
    }
    case "file": {
      const path = storedSecret(dataFolder, answer.name);
      removeOthers(dataFolder, answer.name);
      linkSecret(path, answer.path);
      const open = answer.open ? [`Other users can read ${answer.path}: run chmod 600 ${shellWord(answer.path)}`] : [];
      return [`Linked ${path} to ${answer.path}: tac8 reads ${answer.name} from there at each start.`, ...open];
    }
    default:
      return unreachable(answer);
  }
}

/** Remove the other secrets of the model, because an agent that is signed in with two of them has two identities. */
function removeOthers(dataFolder: string, name: SecretName): void {
  const all: readonly SecretName[] = MODEL_SECRETS;
  if (!all.includes(name)) return;
  for (const other of all) if (other !== name) rmSync(storedSecret(dataFolder, other), { force: true });
}

async function mayWrite(path: string, { force, prompt }: { force: boolean; prompt: Prompt | null }): Promise<void> {
  if (force || !existsSync(path)) return;
  const advice = "use --force to overwrite it, or run tac8 doctor to check it";
  if (prompt === null) throw new Problem(`${path} already exists: ${advice}`);
  const answer = await prompt.ask(`${path} already exists. Overwrite it? [y/N] `);
  if (!/^y(es)?$/i.test(answer)) throw new Problem(`${path} was not changed`);
}

async function repositoryOf(flag: string | undefined, prompt: Prompt | null): Promise<Repository> {
  if (flag === undefined && prompt === null) {
    throw new WrongUsage("no repository given: run tac8 init --repo owner/name --token-file FILE");
  }
  const found = flag === undefined ? null : parseRepository(flag);
  if (found !== null) return found;
  if (flag !== undefined)
    throw new WrongUsage(`${JSON.stringify(flag.slice(0, 100))} is not a repository: expected owner/name`);
  for (;;) {
    const answer = (await prompt?.ask("Repository to work on (owner/name): ")) ?? "";
    const repository = parseRepository(answer);
    if (repository !== null) return repository;
    prompt?.say("That is not a repository: expected owner/name, such as octo/hello-world.");
  }
}

const TOKEN_HELP = [
  "GitHub token: a fine-grained one for this repository, with Contents, Issues and Pull requests: read and write",
  "(github.com → Settings → Developer settings → Fine-grained tokens). Your input is not shown.",
  "Recommended instead: tac8 init --app creates a GitHub App, whose tokens expire after an hour.",
];

async function tokenOf(
  { env }: Context,
  { flag, prompt }: { flag: string | null; prompt: Prompt | null },
): Promise<Answer> {
  const name = "GITHUB_TOKEN";
  if (flag !== null) return { kind: "file", name, path: flag, ...checkSecret(flag) };
  const by = [name, `${name}_FILE`].find((one) => variable(env, one) !== null);
  if (by !== undefined) return { kind: "set", by };
  if (prompt === null) throw new WrongUsage("no GitHub token: give --token-file FILE, set GITHUB_TOKEN, or use --app");
  for (const line of TOKEN_HELP) prompt.say(line);
  const secret = await prompt.askHidden("Token (empty to skip): ");
  return secret === "" ? { kind: "later" } : { kind: "typed", name, secret };
}

const KEY_HELP = [
  "Key for the model: an API key (sk-ant-api…), or a subscription's token from claude setup-token (sk-ant-oat…).",
  "A claude login on this machine is not enough: it is stored in your home folder, which isolated agents cannot read.",
  "Your input is not shown.",
];

async function keyOf({ env }: Context, prompt: Prompt | null): Promise<Answer> {
  const by = MODEL_SECRETS.flatMap((name) => [name, `${name}_FILE`]).find((one) => variable(env, one) !== null);
  if (by !== undefined) return { kind: "set", by };
  if (prompt === null) return { kind: "later" };
  for (const line of KEY_HELP) prompt.say(line);
  const secret = await prompt.askHidden("Key (empty to skip): ");
  if (secret === "") return { kind: "later" };
  return {
    kind: "typed",
    name: secret.startsWith("sk-ant-oat") ? "CLAUDE_CODE_OAUTH_TOKEN" : "ANTHROPIC_API_KEY",
    secret,
  };
}

/** Return the environment without a token or an App, which would take precedence over the stored ones. */
function withoutGitHub(env: Context["env"]): Context["env"] {
  const names = ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_FILE"];
  return { ...withoutToken(env), ...Object.fromEntries(names.map((name) => [name, undefined])) };
}

function withoutToken(env: Context["env"]): Context["env"] {
  return { ...env, GITHUB_TOKEN: undefined, GITHUB_TOKEN_FILE: undefined };
}

/** Check that folders are writable, and create missing ones. @throws Problem */
function mustBeWritable(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      mkdirSync(path, { recursive: true });
      accessSync(path, constants.W_OK);
    } catch (error) {
      const line = `cannot write ${path}, so no App was created: ${messageOf(error)}`;
      throw new Problem(line, { cause: error });
    }
  }
}

/** Maximum number of backups of one configuration. */
const MAX_FORMER = 100;

/** Back up a configuration that is about to be overwritten. @returns the path of the copy; null: no copy is needed. @throws Problem */
async function keepFormer(path: string, next: string): Promise<string | null> {
  if (!existsSync(path)) return null;
  try {
    const text = readFileSync(path, "utf8");
    if (text === next) return null;
    const names = Array.from({ length: MAX_FORMER }, (_, index) => `${path}.old${index === 0 ? "" : `-${index + 1}`}`);
    const kept = names.find((name) => !existsSync(name));
    if (kept === undefined) throw new Error(`it already has ${MAX_FORMER} backups`);
    await writeWholeFile(kept, text, { mode: statSync(path).mode & 0o777 });
    return kept;
  } catch (error) {
    throw new Problem(`cannot back up ${path}, so it was not changed: ${messageOf(error)}`, { cause: error });
  }
}

/** Write the configuration atomically. @throws Problem */
async function write(path: string, text: string): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    await writeWholeFile(path, text, { mode: 0o644 });
  } catch (error) {
    throw new Problem(`cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Run the checks, which create labels and folders, and print what is left to do. @returns the exit code */
async function finish(context: Context, { path, token }: { path: string; token: Answer }): Promise<number> {
  const { out, env } = context;
  out.line("");
  const isStored = token.kind === "file" || token.kind === "typed" || token.kind === "stored";
  // The checks use the stored credentials, even if the shell has others.
  const seen = isStored ? withoutGitHub(env) : env;
  const input = openDoctorInput({ ...context, env: seen }, path, { fix: true, agent: false, notify: false });
  const code = show(context, await runChecks(CHECKS, input));
  out.line("");
  const shadow = ["GITHUB_TOKEN", "GITHUB_TOKEN_FILE"].find((name) => variable(env, name) !== null);
  if (isStored && shadow !== undefined) {
    out.line(
      token.kind === "stored"
        ? `${shadow} is set in this shell: unset it, because tac8 uses either a token or an App, not both.`
        : `${shadow} is set in this shell and takes precedence over the stored one: unset it to use the stored one.`,
    );
  }
  const { command } = context;
  const fix = `fix the problems marked ✗ above, and check again with ${command} doctor. Then run `;
  out.line(
    `${code === 0 ? "Next: run " : `Next: ${fix}`}${command} up, and add the label ${input.config.github.issue_label} to an issue.`,
  );
  return code;
}
