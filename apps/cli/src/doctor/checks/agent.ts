import { errorOf } from "@tac8/core/domain/messageOf";
import { agentHomeOf, sharedHome, type SharedHome } from "@tac8/core/config/agentHome";
import { MODEL_SECRETS } from "@tac8/core/config/variables";
import { missingPrograms } from "@tac8/core/app/checkPrograms";
import { isAbsolute } from "node:path";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cut } from "../../terminal/text.ts";
import { ask, type Asked } from "../ask.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

const VERSION_MS = 20_000;
const PROMPT_MS = 120_000;
const PROMPT = "Answer with the one word: ready";

export const agent: Check = {
  name: "Agent",
  limitMs: VERSION_MS + PROMPT_MS,
  async inspect(input, signal) {
    const { config, searchPath } = input;
    const { llm } = config;
    const program = llm.provider === "command" ? (llm.command_template ?? []).slice(0, 1) : llm.command;
    const [name = ""] = program;
    const missing = missingPrograms(config, searchPath).find((line) => !/^(git|flock) /.test(line));
    if (missing !== undefined) return [evaluateMissing(missing)];
    if (name.includes("/") && !isAbsolute(name)) return [note(`${name} is looked up in each worktree`)];
    // If agents should be isolated, the check of the isolation reports about the shared home folder.
    const { isolation = "none", home } = config.agent;
    const homes = isolation === "none" ? evaluateHome(home, sharedHome(config)) : [];
    if (llm.provider === "command")
      return [ok(`${name} is installed; tac8 doctor cannot check whether it works`), ...homes];
    // An agent reads files in its current folder, so it must not run in the operator's.
    const cwd = await mkdtemp(join(tmpdir(), "tac8-doctor-"));
    try {
      const isPrivate = agentHomeOf(config, llm.provider).kind === "private";
      const { CLAUDE_CONFIG_DIR, ...inherited } = config.agentEnv;
      const shared = CLAUDE_CONFIG_DIR === undefined ? {} : { CLAUDE_CONFIG_DIR };
      const env = { ...inherited, ...(isPrivate ? { HOME: cwd } : shared), PATH: searchPath, ...QUIET };
      const within = (ms: number) => AbortSignal.any([signal, AbortSignal.timeout(ms)]);
      const version = await ask([...program, "--version"], { env, cwd, signal: within(VERSION_MS) }).catch(asError);
      const findings = [evaluateVersion(name, version)];
      if (!input.agent || findings[0]?.status === "problem")
        return [...findings, ...(input.agent ? [] : [signInHint(input)]), ...homes];
      const args = ["-p", "--output-format", "json", "--model", llm.model_default, "--max-turns", "1"];
      const options = { env, cwd, signal: within(PROMPT_MS), input: PROMPT };
      return [...findings, evaluatePrompt(await ask([...program, ...args], options).catch(asError)), ...homes];
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  },
};

const QUIET = { DISABLE_AUTOUPDATER: "1", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" };

function asError(error: unknown): Error {
  return errorOf(error);
}

function signInHint({ config }: DoctorInput): Finding {
  const { agentEnv } = config;
  const key = MODEL_SECRETS.find((name) => agentEnv[name]);
  const how =
    key === undefined ? "no key in the environment: the agent must already be signed in" : `signs in by ${key}`;
  return note(how, "tac8 doctor --agent sends it a one-word prompt to check that it works");
}

/** Evaluate the home folder of agents. Pure. `shared`: agents share a home folder although that is not configured. */
export function evaluateHome(setting: string, shared: SharedHome | null): Finding[] {
  if (shared !== null) return [note(shared.text, shared.advice)];
  if (setting !== "shared") return [];
  const text = "agents share the home folder of tac8's user (agent.home)";
  return [note(text, "files that an agent leaves there affect every later run")];
}

/** Evaluate a missing program. Pure. `line`: what is missing and, after a colon, what to do. */
export function evaluateMissing(line: string): Finding {
  const colon = line.indexOf(": ");
  return problem(line.slice(0, colon), line.slice(colon + 2));
}

/** Evaluate the output of `--version`. Pure. */
export function evaluateVersion(name: string, answer: Asked | Error): Finding {
  if (answer instanceof Error)
    return problem(`${name} --version: ${answer.message}`, "check that you can start it by hand");
  const output = firstLine(answer.stdout.trim() || answer.stderr.trim(), 120);
  if (answer.code !== 0) {
    return problem(
      `${name} --version exited with code ${answer.code}: ${output}`,
      "start it by hand to check that it is Claude Code; fix llm.command, or install it again",
    );
  }
  return ok(`${name} ${output}`);
}

/** Evaluate the output of `claude -p --output-format json`. Pure. */
export function evaluatePrompt(answer: Asked | Error): Finding {
  if (answer instanceof Error) return problem(`no response: ${answer.message}`, "check the network, and try again");
  const result = resultIn(answer.stdout);
  if (result === null) {
    const output = firstLine(answer.stderr.trim() || answer.stdout.trim(), 200);
    return unknown(
      `it exited with code ${answer.code} and without a result: ${output}`,
      "start it by hand to see the cause",
    );
  }
  if (!result.isError) return ok("it responds: it is signed in");
  const output = firstLine(result.text, 200);
  const key = result.status === 401 || result.status === 403 || /api key|log ?in|authenticat|oauth/i.test(result.text);
  const advice = key
    ? "set ANTHROPIC_API_KEY, or CLAUDE_CODE_OAUTH_TOKEN (from claude setup-token)"
    : "see the message of the model's API, and try again";
  return problem(`it reports: ${output}`, advice);
}

function firstLine(text: string, columns: number): string {
  return cut(text.split("\n", 1)[0] ?? "", columns);
}

function resultIn(stdout: string): { isError: boolean; text: string; status: number | null } | null {
  try {
    const parsed: unknown = JSON.parse(stdout);
    const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    const found = list.find(
      (item) => typeof item === "object" && item !== null && "type" in item && item.type === "result",
    );
    if (found === undefined) return null;
    const { is_error, result, api_error_status } = found as Record<string, unknown>;
    return {
      isError: is_error === true,
      text: typeof result === "string" ? result : "",
      status: typeof api_error_status === "number" ? api_error_status : null,
    };
  } catch {
    return null; // The output is not JSON.
  }
}
