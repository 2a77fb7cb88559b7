import { join, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { agentEnvironment } from "./agentEnv.ts";
import { chooseCredentials, secretParts, type GitHubCredentials } from "./credentials.ts";
import { whyNoApi } from "./apiAddress.ts";
import { baseDirProblem } from "./baseDir.ts";
import { issueOfBranch } from "../domain/branchPattern.ts";
import { clip } from "../domain/plainText.ts";
import { NO_DATA_FOLDER, resolveDataFolder, type ConfigFolder, type DataFolder } from "./dataFolder.ts";
import { headerSecrets } from "./headers.ts";
import { proxySecrets } from "./proxy.ts";
import { readEnvironment, variable } from "./environment.ts";
import { SECRETS } from "./variables.ts";
import { lineOf } from "./lineOf.ts";
import { healthNotice } from "./removedHealth.ts";
import { findProvider, pricesOf, rulesOf, isClaude } from "./older.ts";
import type { Agents } from "./routing.ts";
import { fileSchema, sections, type ConfigFile } from "./schema.ts";
import { xdgFolder } from "./xdgFolder.ts";

export interface RepositoryConfig {
  readonly owner: string;
  readonly repo: string;
  readonly issueLabel: string;
  /** Base branch; empty: the repository's default branch. */
  readonly baseBranch: string;
  /** Pattern for the names of branches, with `{number}`. */
  readonly branch: string;
  readonly draft: boolean;
  /** Labels that a runner must have. */
  readonly runsOn: readonly string[];
}

/** Addresses of notifications; null: not set. They are secret, because an address allows its reader to send messages. */
export interface NotifyAddresses {
  readonly slackUrl: string | null;
  readonly ntfyUrl: string | null;
  readonly ntfyToken: string | null;
  readonly webhookUrl: string | null;
}

export interface Secrets {
  /** Credentials for GitHub; null: none, see `noCredentials`. */
  readonly github: GitHubCredentials | null;
  readonly boardPassword: string | null;
  readonly boardPasswordSource: string | null;
  readonly metricsToken: string | null;
  readonly notify: NotifyAddresses;
  /** The configuration file, and the files in variables such as `GITHUB_TOKEN_FILE`, as written there. */
  readonly files: readonly string[];
  /** The files in such variables. */
  readonly keyFiles: readonly string[];
  /** Every secret value, for redaction. */
  readonly values: readonly string[];
}

export interface Config extends Omit<ConfigFile, "repositories" | "llm" | "providers" | "models" | "routing"> {
  readonly repositories: readonly RepositoryConfig[];
  /** How agents are started if no rule applies. */
  readonly llm: Omit<ConfigFile["llm"], "provider"> & { readonly provider: "claude" | "command" };
  readonly agents: Agents;
  readonly redisUrl: string;
  /** Whether this machine has joined another one by `tac8 join`, and uses the Redis there. */
  readonly joined: boolean;
  /** Absolute path of the data folder. */
  readonly dataFolder: string;
  /** Path of the launcher's socket; null: this process was not started by one. */
  readonly launcher: string | null;
  readonly logLevel: string;
  readonly secrets: Secrets;
  /** Environment for agents: only allowed names. */
  readonly agentEnv: Readonly<Record<string, string>>;
}

export interface ConfigProblem {
  /** A key such as `coordinator.max_attempts`, the name of a variable, or the file; empty: the message contains the source. */
  readonly key: string;
  readonly message: string;
  /** Source of the key: the configuration file, the environment, or, with a path as key, the stored secrets. */
  readonly place: "file" | "environment" | "stored";
  /** Line in the file, from 1. */
  readonly line?: number;
}

export interface ConfigInput {
  /** Text of `config.toml`; null: the file does not exist. */
  readonly text: string | null;
  /** Absolute path of the file, or the path for a new one. */
  readonly path: string;
  /** Paths that were searched for the file; empty: a flag or a variable sets the path. */
  readonly searched?: readonly string[];
  readonly folder: ConfigFolder;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Read a secret of a `NAME_FILE` variable. Throws when the file is not readable. */
  readonly readSecretFile: (path: string) => string;
  /** Return the permission bits of a secret's file; null: unknown. Absent: not checked. */
  readonly modeOf?: (path: string) => number | null;
  /** Read a secret in the data folder; null: there is none. Throws when the file is not readable. Absent: no secrets are stored. */
  readonly readStored?: (path: string) => string | null;
}

export interface ConfigResult {
  /** The configuration; null: there are problems. */
  readonly config: Config | null;
  /** The valid part of the configuration, with defaults in place of invalid values; null: there is no data folder. */
  readonly draft: Config | null;
  /** The data folder, which is known even without a configuration; null: unknown, which is one of the problems. */
  readonly dataFolder: DataFolder | null;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

/** Resolve the configuration from the text of the file and the environment. Return the configuration, or all problems. Pure. */
export function resolveConfig(input: ConfigInput): ConfigResult {
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const found: ConfigProblem[] = [];
  const { file: parsed, broken, health } = parseFile(input, found);
  // If one table is invalid, problems of the other tables are still reported.
  const named = broken.has("github") || broken.has("repositories");
  const file = parsed ?? NOTHING;
  if (health !== undefined) warnings.push(healthNotice(health, file.host));
  const repositories = parsed === null || named ? [] : listRepositories(file, found);
  const work = parsed === null || broken.has("llm") ? unresolved(file) : resolveAgents(file, found, warnings);
  problems.push(
    ...found
      .map((problem) => withLine(problem, input.text))
      .toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || 0),
  );
  const dataFolder = resolveDataFolder(input);
  const usesApp = file.github.app_id !== undefined || variable(input.env, "GITHUB_APP_ID") !== null;
  const environment = readEnvironment(input, { dataFolder: dataFolder?.path ?? null, usesApp, problems });
  if (parsed !== null && !broken.has("github")) {
    const api = checkApi(environment.apiUrl, file.github.api_url);
    if (api !== null) problems.push(withLine(api, input.text));
  }
  if (dataFolder === null) {
    problems.push({ key: "", message: NO_DATA_FOLDER, place: "environment" });
    return { config: null, draft: null, dataFolder, problems, warnings };
  }
  const baseDir = baseDirProblem(dataFolder.path, file.worktree.base_dir);
  if (baseDir !== null)
    problems.push(withLine({ key: "worktree.base_dir", message: baseDir, place: "file" }, input.text));

  const { secrets, sources, redisUrl, joined, redisPassword, logLevel, apiUrl, boardHost, boardPort, boardUrl } =
    environment;
  const appId = environment.appId ?? file.github.app_id;
  const installationId = environment.appInstallationId ?? file.github.app_installation_id;
  const chosen = chooseCredentials({ secrets, sources, keys: environment.keys, appId, installationId });
  if (parsed !== null && !broken.has("github"))
    problems.push(...chosen.problems.map((problem) => withLine(problem, input.text)));
  const { ANTHROPIC_API_KEY, CLAUDE_CODE_OAUTH_TOKEN, ANTHROPIC_AUTH_TOKEN, ...ours } = secrets;
  const own = given({ ANTHROPIC_API_KEY, CLAUDE_CODE_OAUTH_TOKEN, ANTHROPIC_AUTH_TOKEN });
  const agentKeys = [...work.apiKeys, ...Object.keys(file.agent.secrets)];
  const keys = given(Object.fromEntries(agentKeys.map((name) => [name, input.env[name]])));
  const hidden = [...Object.values(ours), redisPassword].filter((secret) => secret != null);
  const keyLines = secretParts(ours.GITHUB_APP_PRIVATE_KEY ?? "");
  const keyFiles = [...SECRETS.map(({ name }) => `${name}_FILE`), "TAC8_EXIT_PASSWORD_FILE"].flatMap(
    (name) => variable(input.env, name) ?? [],
  );
  const draft: Config = {
    ...file,
    repositories,
    llm: work.llm,
    agents: work.agents,
    github: {
      ...file.github,
      ...(appId === undefined ? {} : { app_id: appId }),
      api_url: (apiUrl ?? file.github.api_url).replace(/\/+$/, ""),
    },
    board: {
      ...file.board,
      host: boardHost ?? file.board.host,
      port: boardPort ?? file.board.port,
      url: (boardUrl ?? file.board.url).replace(/\/$/, ""),
    },
    redisUrl,
    joined,
    dataFolder: dataFolder.path,
    launcher: environment.launcher,
    logLevel,
    secrets: {
      github: chosen.credentials,
      boardPassword: ours.TAC8_BOARD_PASSWORD ?? null,
      boardPasswordSource: sources.TAC8_BOARD_PASSWORD ?? null,
      metricsToken: ours.TAC8_METRICS_TOKEN ?? null,
      notify: {
        slackUrl: ours.TAC8_SLACK_URL ?? null,
        ntfyUrl: ours.TAC8_NTFY_URL ?? null,
        ntfyToken: ours.TAC8_NTFY_TOKEN ?? null,
        webhookUrl: ours.TAC8_WEBHOOK_URL ?? null,
      },
      files: [...(input.text === null ? [] : [input.path]), ...keyFiles],
      keyFiles,
      values: [
        ...hidden,
        ...keyLines,
        ...Object.values(own),
        ...Object.values(keys),
        ...headerSecrets(input.env["ANTHROPIC_CUSTOM_HEADERS"] ?? ""),
        ...proxySecrets(input.env),
      ].filter((value) => value.length >= 6),
    },
    agentEnv: agentEnvironment({
      env: input.env,
      extra: [...file.agent.env, ...agentKeys],
      hidden: [...hidden, ...keyLines, ...(variable(input.env, "REDIS_URL") === null ? [] : [redisUrl])],
      own,
    }),
  };
  return { config: problems.length === 0 ? draft : null, draft, dataFolder, problems, warnings };
}

/** The defaults of every table. */
const NOTHING = fileSchema.parse({});

function withLine(problem: ConfigProblem, text: string | null): ConfigProblem {
  const line = text === null || problem.line !== undefined ? null : lineOf(text, problem.key.split("."));
  return line === null ? problem : { ...problem, line };
}

function given(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** The valid part of the file, with the defaults in place of its `broken` tables. */
interface ParsedFile {
  readonly file: ConfigFile | null;
  readonly broken: ReadonlySet<PropertyKey>;
  /** The table `[health]` of an earlier version, which has no effect; absent: there is none. */
  readonly health?: unknown;
}

function parseFile(input: ConfigInput, problems: ConfigProblem[]): ParsedFile {
  const { text, path, searched = [] } = input;
  const nothing = { file: null, broken: new Set<PropertyKey>() };
  if (text === null) {
    const place = searched.length > 1 ? "to one of these places" : "there";
    const cure = `copy config.example.toml ${place} and set your repository in it, or run tac8 demo`;
    if (searched.length === 0) problems.push({ key: path, message: `the file does not exist; ${cure}`, place: "file" });
    else problems.push({ key: "", message: `${noConfiguration(searched)}: ${cure}`, place: "file" });
    return nothing;
  }
  let raw: Record<string, unknown>;
  try {
    raw = parse(text);
  } catch (error) {
    const where = error instanceof TomlError ? `line ${error.line}, column ${error.column}` : "";
    const first = String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";
    problems.push({ key: path, message: `not valid TOML${where && ` at ${where}`}: ${first}`, place: "file" });
    return nothing;
  }
  const { health } = raw;
  delete raw["health"];
  const parsed = fileSchema.safeParse(raw);
  if (parsed.success) return { file: parsed.data, broken: nothing.broken, health };
  const broken = new Set<PropertyKey>();
  for (const issue of parsed.error.issues) {
    const found = at(raw, issue.path);
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        problems.push({ key: dotted([...issue.path, key]), message: noSuchKey(key), place: "file" });
        delete (found as Record<string, unknown>)[key];
      }
      continue;
    }
    problems.push({ key: dotted(issue.path), message: messageFor(issue, found), place: "file" });
    if (issue.path[0] !== undefined) broken.add(issue.path[0]);
  }
  const sound = Object.entries(raw).filter(([table]) => !broken.has(table));
  return { file: fileSchema.safeParse(Object.fromEntries(sound)).data ?? null, broken, health };
}

/** Return a message about an unknown key. A line that was added at the end of the file is in its last table, which is often the wrong one. */
function noSuchKey(key: string): string {
  const tables = Object.entries(sections).flatMap(([name, { shape }]) =>
    Object.hasOwn(shape, key) ? [`[${name}]`] : [],
  );
  return tables.length === 0 ? "unknown key" : `unknown key; a key of this name is in ${tables.join(" and ")}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a table",
  record: "a table",
};

/** Return the message for a problem; the most common ones have their own messages. */
function messageFor(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code === "invalid_type") {
    const expected = `expected ${KINDS[issue.expected] ?? issue.expected}`;
    return found === undefined ? `it is missing: ${expected}` : `found ${show(found)}: ${expected}`;
  }
  const empty = issue.code === "too_small" && issue.minimum === 1 && (found === "" || Array.isArray(found));
  return `found ${show(found)}: ${empty ? "it must not be empty" : issue.message}`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function listRepositories(file: ConfigFile, problems: ConfigProblem[]): RepositoryConfig[] {
  const { github } = file;
  const list = file.repositories.map((entry) => ({
    owner: entry.repo_owner,
    repo: entry.repo_name,
    issueLabel: entry.issue_label ?? github.issue_label,
    baseBranch: entry.base_branch ?? "",
    branch: entry.branch ?? github.branch,
    draft: entry.draft ?? github.draft,
    runsOn: entry.runs_on ?? [],
  }));
  if (github.repo_owner !== undefined && github.repo_name !== undefined) {
    list.unshift({
      owner: github.repo_owner,
      repo: github.repo_name,
      issueLabel: github.issue_label,
      baseBranch: github.base_branch,
      branch: github.branch,
      draft: github.draft,
      runsOn: github.runs_on,
    });
  } else if (github.repo_owner !== undefined || github.repo_name !== undefined || list.length === 0) {
    for (const key of ["repo_owner", "repo_name"] as const) {
      if (github[key] === undefined)
        problems.push({ key: `github.${key}`, message: "missing: set the repository", place: "file" });
    }
  }
  const seen = new Set<string>();
  for (const { owner, repo, branch, baseBranch } of list) {
    const issue = issueOfBranch(branch, baseBranch);
    if (issue !== null) {
      const message = `${branch} is also the name of the base branch ${baseBranch}, for issue ${issue}: change the pattern`;
      problems.push({ key: "github.branch", place: "file", message });
    }
    const id = `${owner}/${repo}`.toLowerCase();
    if (seen.has(id))
      problems.push({ key: "repositories", message: `${owner}/${repo} is listed twice`, place: "file" });
    seen.add(id);
  }
  checkLabels(file.github, list, problems);
  return list;
}

function checkApi(variable: string | null, key: string): ConfigProblem | null {
  const why = URL.canParse(variable ?? key) ? whyNoApi(variable ?? key) : null;
  if (why === null) return null;
  if (variable === null) return { key: "github.api_url", message: why, place: "file" };
  return { key: "GITHUB_API_URL", message: why, place: "environment" };
}

/** Check that no label that tac8 adds is a label that starts work: otherwise each end would start the next round. */
function checkLabels(github: ConfigFile["github"], list: readonly RepositoryConfig[], problems: ConfigProblem[]): void {
  const taken = new Set(list.map(({ issueLabel }) => issueLabel.toLowerCase()));
  for (const key of [
    "label_working",
    "label_blocked",
    "label_done",
    "label_answered",
    "label_failed",
    "label_allow",
  ] as const) {
    const label = github[key].toLowerCase();
    if (taken.has(label)) {
      problems.push({
        key: `github.${key}`,
        message: `found ${github[key]}: expected a label that no other key uses`,
        place: "file",
      });
    }
    taken.add(label);
  }
}

interface ResolvedAgents {
  readonly llm: Config["llm"];
  readonly agents: Agents;
  /** Variables that the programs of providers need. */
  readonly apiKeys: readonly string[];
}

/** Return agents in place of ones that cannot be resolved. They are never used for work, because there is a problem. */
function unresolved({ llm }: ConfigFile): ResolvedAgents {
  const standard = { provider: "claude", program: llm.command, model: llm.model_default } as const;
  return { llm: { ...llm, provider: "claude" }, agents: { standard, rules: [], prices: {} }, apiKeys: [] };
}

/** Resolve `[llm]` together with the older coordinator's tables. */
function resolveAgents(file: ConfigFile, problems: ConfigProblem[], warnings: string[]): ResolvedAgents {
  const { llm, routing } = file;
  const standard = {
    provider: (routing.enabled ? routing.default_provider : undefined) ?? llm.provider,
    model: (routing.enabled ? routing.default_model : undefined) ?? llm.model_default,
    command: resolveCommand(llm, problems),
    template: llm.command_template,
  };
  const found = findProvider(standard.provider, file, standard);
  if ("why" in found) {
    const problem = { key: "llm.provider", message: found.why, place: "file" } as const;
    problems.push(standard.provider === "command" ? commandProblem(llm) : problem);
    return unresolved(file);
  }
  const { rules, apiKeys, ignored } = rulesOf(file, standard);
  warnings.push(...ignored);
  if (!routing.enabled && routing.rules.length > 0) {
    warnings.push("[routing] is not enabled, so its rules are ignored: set enabled = true to enable them");
  }
  const { agent } = found;
  const templates = [agent, ...rules.map((rule) => rule.agent)].filter(({ provider }) => provider === "command");
  if (templates.some(({ program }) => program.some((word) => word.includes("${")))) {
    warnings.push(
      "a command_template contains ${…}, which is not expanded: keys are passed in the program's environment, never as arguments",
    );
  }
  return {
    llm: {
      ...llm,
      provider: agent.provider,
      model_default: standard.model,
      ...(agent.provider === "claude" ? { command: [...agent.program] } : { command_template: [...agent.program] }),
    },
    agents: { standard: { ...agent, model: standard.model }, rules, prices: pricesOf(file) },
    apiKeys: [...new Set([...(found.apiKey === null ? [] : [found.apiKey]), ...apiKeys])],
  };
}

function commandProblem({ command_template: template }: ConfigFile["llm"]): ConfigProblem {
  const message =
    template === undefined ? 'missing: provider = "command" needs it' : "expected {prompt_file} in one of its words";
  return { key: "llm.command_template", message, place: "file" };
}

/** Return the program for Claude Code. The older coordinator's template for `claude` contains the program; tac8 sets the flags itself. */
function resolveCommand(llm: ConfigFile["llm"], problems: ConfigProblem[]): readonly string[] {
  const old = llm.command_template?.[0];
  if (!isClaude(llm.provider) || old === undefined) return llm.command;
  if (old.split("/").at(-1) !== "claude") {
    const message = `names ${old}: set provider = "command" to use it`;
    problems.push({ key: "llm.command_template", message, place: "file" });
  }
  return llm.command.join(" ") === "claude" ? [old] : llm.command;
}

/** Possible paths of the configuration file, in the order of the search. */
export interface ConfigPlaces {
  /** Whether a flag or a variable sets the only path. */
  readonly named: boolean;
  /** Absolute paths. A new file is written to the first one. */
  readonly paths: readonly [string, ...string[]];
}

/** Return the path of `--config` or `TAC8_CONFIG`, else `./config.toml` before `$XDG_CONFIG_HOME/tac8/config.toml`. */
export function configPlaces(flag: string | undefined, env: ConfigInput["env"], cwd: string): ConfigPlaces {
  const name = flag || env["TAC8_CONFIG"];
  if (name) return { named: true, paths: [resolve(cwd, name)] };
  const folder = xdgFolder(env, "XDG_CONFIG_HOME", ".config");
  const ofUser = folder === null ? [] : [join(folder, "tac8", "config.toml")];
  return { named: false, paths: [resolve(cwd, "config.toml"), ...ofUser] };
}

/** Return the beginning of a message about a missing configuration file. */
export function noConfiguration(searched: readonly string[]): string {
  const [only = ""] = searched;
  const places = searched.length > 1 ? `neither ${searched.join(" nor ")} exists` : `${only} does not exist`;
  return `no configuration file (${places})`;
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join(".");
}

function show(value: unknown): string {
  return clip(JSON.stringify(value) ?? "nothing", 60);
}
