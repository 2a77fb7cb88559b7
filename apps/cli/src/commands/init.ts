import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { NO_DATA_FOLDER } from "@tac8/core/config/dataFolder";
import { findDataFolder } from "@tac8/core/config/load";
import { configPlaces } from "@tac8/core/config/resolve";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf, Problem, WrongUsage, type Context } from "../context.ts";
import { runChecks } from "../doctor/run.ts";
import { openSite } from "../doctor/site.ts";
import { CHECKS } from "../doctor/table.ts";
import { parseRepository, renderConfig, shellWord, type Repository } from "../init/answers.ts";
import { checkSecret, writeSecret } from "../init/secretFile.ts";
import type { Input } from "../program.ts";
import type { Prompt } from "../terminal/prompt.ts";
import { show } from "./doctor.ts";

/** Exit codes: 0 all is well, 1 doctor has found something or nothing was written, 2 something was not said. */
export async function init(context: Context, { options }: Input): Promise<number> {
  const { env, cwd, out } = context;
  const text = (name: string) => options[name] as string | undefined;
  const [path] = configPlaces(text("config"), env, cwd).paths;
  const prompt = options["yes"] === true ? null : (context.openPrompt?.() ?? null);
  let given: Given;
  try {
    await mayWrite(path, { force: options["force"] === true, prompt });
    const repository = await repositoryOf(text("repo"), prompt);
    const tokenFile = text("tokenFile");
    const token = await tokenOf(context, {
      flag: tokenFile === undefined ? null : resolve(cwd, tokenFile),
      path,
      prompt,
    });
    given = { repository, token };
  } finally {
    prompt?.close();
  }
  const { text: toml, problems } = renderConfig({ ...given.repository, apiUrl: text("apiUrl") ?? null });
  if (problems.length > 0) throw new WrongUsage(problems);
  const { token } = given;
  if (token.kind === "typed") await writeSecret(token.path, token.secret);
  await write(path, toml);
  out.line(`Wrote ${path}.`);
  return finish(context, { path, token });
}

interface Given {
  readonly repository: Repository;
  readonly token: Token;
}

/** `set`: the environment has it already. */
type Token =
  | { readonly kind: "set" | "later" }
  | { readonly kind: "file"; readonly path: string; readonly open: boolean }
  | { readonly kind: "typed"; readonly path: string; readonly secret: string };

async function mayWrite(path: string, { force, prompt }: { force: boolean; prompt: Prompt | null }): Promise<void> {
  if (force || !existsSync(path)) return;
  const cure = "give --force to overwrite it, or run tac8 doctor to see how it is";
  if (prompt === null) throw new Problem(`${path} is there already: ${cure}`);
  const answer = await prompt.ask(`${path} is there already. Overwrite it? [y/N] `);
  if (!/^y(es)?$/i.test(answer)) throw new Problem(`${path} was left as it is`);
}

async function repositoryOf(flag: string | undefined, prompt: Prompt | null): Promise<Repository> {
  if (flag === undefined && prompt === null) {
    throw new WrongUsage("say which repository to work on: tac8 init --repo owner/name --token-file FILE");
  }
  const found = flag === undefined ? null : parseRepository(flag);
  if (found !== null) return found;
  if (flag !== undefined)
    throw new WrongUsage(`${JSON.stringify(flag.slice(0, 100))} is no repository: expected owner/name`);
  for (;;) {
    const answer = (await prompt?.ask("Repository to work on (owner/name): ")) ?? "";
    const repository = parseRepository(answer);
    if (repository !== null) return repository;
    prompt?.say("That is no repository: expected owner/name, such as octo/hello-world.");
  }
}

const TOKEN_HELP = [
  "GitHub token: a fine-grained one for this repository, with Contents, Issues and Pull requests: read and write",
  "(github.com → Settings → Developer settings → Fine-grained tokens). It is not shown while you type.",
];

async function tokenOf(
  { env }: Context,
  { flag, path, prompt }: { flag: string | null; path: string; prompt: Prompt | null },
): Promise<Token> {
  if (flag !== null) return { kind: "file", path: flag, ...checkSecret(flag) };
  if (env["GITHUB_TOKEN"]?.trim() || env["GITHUB_TOKEN_FILE"]) return { kind: "set" };
  if (prompt === null) throw new WrongUsage("say where the GitHub token is: --token-file FILE, or set GITHUB_TOKEN");
  for (const line of TOKEN_HELP) prompt.say(line);
  const secret = await prompt.askHidden("Token (empty: later): ");
  if (secret === "") return { kind: "later" };
  const folder = findDataFolder(path, env);
  if (folder === null) throw new Problem(NO_DATA_FOLDER);
  return { kind: "typed", path: join(folder.path, "github-token"), secret };
}

/** Whole or not at all. @throws Problem */
async function write(path: string, text: string): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    await writeWholeFile(path, text, { mode: 0o644 });
  } catch (error) {
    throw new Problem(`${path} could not be written: ${messageOf(error)}`, { cause: error });
  }
}

/** Makes labels and folders on the way, and says what is left to do. @returns the exit code */
async function finish(context: Context, { path, token }: { path: string; token: Token }): Promise<number> {
  const { out, env } = context;
  const file = token.kind === "file" || token.kind === "typed" ? token.path : null;
  if (token.kind === "typed") out.line(`Put the token into ${token.path}, which only you can read.`);
  if (token.kind === "file" && token.open) {
    out.line(`Others may read ${token.path}: chmod 600 ${shellWord(token.path)}`);
  }
  out.line("");
  const seen = file === null ? env : { ...env, GITHUB_TOKEN: undefined, GITHUB_TOKEN_FILE: file };
  const site = openSite({ ...context, env: seen }, path, { fix: true, agent: false, notify: false });
  const code = show(context, await runChecks(CHECKS, site));
  out.line("");
  if (file !== null) {
    out.line("Tell tac8 where the token is, in each shell that starts it or in ~/.profile:");
    out.line(`  export GITHUB_TOKEN_FILE=${shellWord(file)}`);
  }
  out.line(`Then ${context.command} up, and put the label ${site.config.github.issue_label} on an issue.`);
  return code;
}
