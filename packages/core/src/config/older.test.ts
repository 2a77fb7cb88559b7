import { describe, expect, it } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { chooseAgent, type RunFacts } from "./routing.ts";
import { configOf, problemsOf, REPOSITORY, resolve } from "./testing.fixture.ts";

const CLAUDE = `[providers.claude-cli]
enabled = true
command_template = ["claude", "-p", "{prompt_file}", "--model", "{model}", "--output-format", "stream-json", "--verbose"]
`;
const OPENROUTER = `[providers.openrouter]
enabled = true
requires_api_key = true
api_key_env = "OPENROUTER_API_KEY"
command_template = ["tools/openrouter-cli.py", "-p", "{prompt_file}", "--model", "{model}", "--output-file", "{output_file}"]
`;
const LLM = `[llm]
provider = "claude-cli"
model_default = "claude-sonnet-4-5"
`;
const MODELS = `[[models]]
name = "claude-sonnet-4-5"
provider = "claude-cli"
cost_per_million_input = 3.0
cost_per_million_output = 15.0
context_window = 200000
capabilities = ["code", "reasoning"]
[[models]]
name = "deepseek/deepseek-chat"
provider = "openrouter"
cost_per_million_input = 0.14
cost_per_million_output = 0.28
`;
const ROUTING = `[routing]
enabled = true
default_provider = "claude-cli"
default_model = "claude-sonnet-4-5"
[[routing.rules]]
name = "docs"
priority = 60
conditions = { labels = ["documentation", "docs"] }
provider = "claude-cli"
model = "claude-haiku-4"
[[routing.rules]]
name = "critical"
priority = 100
conditions = { priority = "critical" }
model = "claude-opus-4"
[[routing.rules]]
name = "retry"
priority = 95
conditions = { retry_count = { gte = 2 } }
model = "deepseek/deepseek-chat"
[[routing.rules]]
name = "night"
priority = 70
conditions = { hour_range = [22, 6], priority = ["normal", "low"] }
provider = "claude-cli"
model = "night-model"
`;
const KEY = { OPENROUTER_API_KEY: "sk-or-canary-1" };
const all = `${REPOSITORY}${CLAUDE}${OPENROUTER}${LLM}${MODELS}${ROUTING}`;

const FACTS: RunFacts = { priority: "P2", labels: [], retryCount: 0, hour: 12 };
const choose = (text: string, facts: Partial<RunFacts> = {}) =>
  chooseAgent(configOf({ text, env: KEY }).agents, { ...FACTS, ...facts });

fieldTest("D2", "the older coordinator's later files are accepted as they are, without a warning", () => {
  for (const text of [
    `${REPOSITORY}${CLAUDE}${OPENROUTER}${LLM}`,
    `${REPOSITORY}${LLM}${MODELS}`,
    all,
    `${all}[worktree]\nbase_dir = "trees"\n`,
  ]) {
    const { config, problems, warnings } = resolve({ text, env: KEY });
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(config?.llm).toMatchObject({ provider: "claude", command: ["claude"], model_default: "claude-sonnet-4-5" });
  }
});

describe("providers", () => {
  it("claude-cli is Claude Code, by the program that its template names", () => {
    const elsewhere = CLAUDE.replace('"claude"', '"nice", "/opt/claude"');
    const { llm } = configOf({ text: `${REPOSITORY}${elsewhere}${LLM}` });
    expect(llm).toMatchObject({ provider: "claude", command: ["nice", "/opt/claude"] });
    const own = `${LLM}command = ["mine"]\n`;
    expect(configOf({ text: `${REPOSITORY}${CLAUDE}${own}` }).llm.command).toEqual(["mine"]);
  });

  it("the template of [llm] counts where there is no table of the provider", () => {
    const claude = `${LLM}command_template = ["/opt/claude", "-p", "{prompt_file}"]\n`;
    expect(configOf({ text: `${REPOSITORY}${claude}` }).llm).toMatchObject({
      provider: "claude",
      command: ["/opt/claude"],
    });
    const aider = `[llm]\nprovider = "aider"\ncommand_template = ["aider", "--message-file", "{prompt_file}"]\n`;
    expect(configOf({ text: `${REPOSITORY}${aider}` }).agents.standard).toMatchObject({
      provider: "command",
      program: ["aider", "--message-file", "{prompt_file}"],
    });
  });

  it("another one is its template, and its key is the agent's, and secret", () => {
    const llm = LLM.replace("claude-cli", "openrouter");
    const { llm: found, agentEnv, secrets } = configOf({ text: `${REPOSITORY}${OPENROUTER}${llm}`, env: KEY });
    expect(found.provider).toBe("command");
    expect(found.command_template?.[0]).toBe("tools/openrouter-cli.py");
    expect(agentEnv).toMatchObject(KEY);
    expect(secrets.values).toContain(KEY.OPENROUTER_API_KEY);
  });

  it("a key that no agent needs is given to none", () => {
    expect(configOf({ text: `${REPOSITORY}${CLAUDE}${OPENROUTER}${LLM}`, env: KEY }).agentEnv).not.toHaveProperty(
      "OPENROUTER_API_KEY",
    );
  });

  it.each([
    ["is not there", LLM.replace("claude-cli", "nobody"), "llm.provider", "[providers.nobody] does not exist"],
    [
      "is not enabled",
      `${LLM}${CLAUDE.replace("true", "false")}`,
      "llm.provider",
      "the provider claude-cli is not enabled",
    ],
    [
      "has no template",
      `${LLM.replace("claude-cli", "x")}[providers.x]\nenabled = true\n`,
      "llm.provider",
      "[providers.x] has no command_template",
    ],
    [
      "has a template without the prompt",
      `${LLM.replace("claude-cli", "x")}[providers.x]\ncommand_template = ["x"]\n`,
      "llm.provider",
      "the command_template of [providers.x] has no {prompt_file}",
    ],
    [
      "has a wrong key",
      `${LLM}[providers.x]\napi_key_env = "no name"\n`,
      "providers.x.api_key_env",
      'found "no name": expected the name of an environment variable',
    ],
  ])("one that %s is a problem", (_, text, key, message) => {
    expect(problemsOf({ text: `${REPOSITORY}${text}` })).toEqual({ [key]: message });
  });

  it("a key in the arguments is named, and stays out of them", () => {
    const text = `${REPOSITORY}[llm]\nprovider = "x"\n[providers.x]\ncommand_template = ["curl", "-H", "\${KEY}", "{prompt_file}"]\n`;
    const { config, warnings } = resolve({ text, env: { KEY: "secret-key" } });
    expect(config?.llm.command_template).toContain("${KEY}");
    expect(warnings).toEqual([expect.stringContaining("which is not expanded")]);
  });
});

describe("prices", () => {
  it("are known by the model's name", () => {
    expect(configOf({ text: all, env: KEY }).agents.prices).toEqual({
      "claude-sonnet-4-5": { input: 3, output: 15 },
      "deepseek/deepseek-chat": { input: 0.14, output: 0.28 },
    });
  });

  it("that are none are a problem", () => {
    const text = `${REPOSITORY}[[models]]\nname = "m"\ncost_per_million_input = -1\n`;
    expect(Object.keys(problemsOf({ text }))).toEqual(["models.0.cost_per_million_input"]);
  });
});

describe("routing", () => {
  it.each([
    ["nothing special", {}, "claude-sonnet-4-5"],
    ["a label, in any case", { labels: ["bug", "Docs"] }, "claude-haiku-4"],
    ["the highest priority", { priority: "P0", labels: ["docs"], retryCount: 3 }, "claude-opus-4"],
    ["the second retry", { retryCount: 2 }, "deepseek/deepseek-chat"],
    ["the first retry", { retryCount: 1 }, "claude-sonnet-4-5"],
    ["late at night", { hour: 23 }, "night-model"],
    ["before dawn, before the rule of labels", { hour: 5, labels: ["docs"] }, "night-model"],
    ["when the night ends", { hour: 6 }, "claude-sonnet-4-5"],
    ["at night, but of another priority", { hour: 23, priority: "P1" }, "claude-sonnet-4-5"],
  ] as const)("%s", (_, facts, model) => {
    expect(choose(all, facts).model).toBe(model);
  });

  it("takes a model's own provider where a rule names none", () => {
    expect(choose(all, { retryCount: 2 })).toMatchObject({
      provider: "command",
      program: expect.arrayContaining(["tools/openrouter-cli.py"]),
    });
    expect(choose(all)).toEqual({ provider: "claude", program: ["claude"], model: "claude-sonnet-4-5" });
    expect(configOf({ text: all, env: KEY }).agentEnv).toMatchObject(KEY);
  });

  it.each([
    ["[0, 8]", [0, 7], [8, 23]],
    ["[22, 6]", [22, 23, 0, 5], [6, 21]],
    ["[20, 24]", [20, 23], [0, 19]],
  ])("hours %s", (range, inside, outside) => {
    const text = `${REPOSITORY}[[routing.rules]]\nconditions = { hour_range = ${range} }\nmodel = "m"\n`;
    for (const hour of inside) expect(choose(text, { hour }).model).toBe("m");
    for (const hour of outside) expect(choose(text, { hour }).model).not.toBe("m");
  });

  it.each([
    ["{ retry_count = 1 }", [1], [0, 2]],
    ["{ retry_count = { lte = 1 } }", [0, 1], [2]],
    ["{ retry_count = { gte = 1, lte = 2 } }", [1, 2], [0, 3]],
    ["{ retry_count = { eq = 0 } }", [0], [1]],
  ])("%s", (conditions, inside, outside) => {
    const text = `${REPOSITORY}[[routing.rules]]\nconditions = ${conditions}\nmodel = "m"\n`;
    for (const retryCount of inside) expect(choose(text, { retryCount }).model).toBe("m");
    for (const retryCount of outside) expect(choose(text, { retryCount }).model).not.toBe("m");
  });

  it.each([
    ["a condition in words", `name = "words"\ncondition = "priority >= 3"\nmodel = "m"`, "words is ignored: expected"],
    ["a condition that it does not know", `conditions = { size = 3 }\nmodel = "m"`, "rule 1 is ignored: expected"],
    ["no conditions", `name = "bare"\nmodel = "m"`, "bare is ignored: expected"],
    ["a priority below all", `conditions = { priority = "low" }\nmodel = "m"`, "tac8 knows no priority low"],
    ["no model", "conditions = { retry_count = 1 }", "it sets neither a model nor a provider"],
    ["an unknown provider", `conditions = { retry_count = 1 }\nprovider = "x"`, "[providers.x] does not exist"],
    ["hours out of range", `conditions = { hour_range = [0, 30] }\nmodel = "m"`, "is ignored: expected"],
  ])("a rule with %s is named once, and holds for no run", (_, rule, words) => {
    const { config, problems, warnings } = resolve({ text: `${REPOSITORY}[[routing.rules]]\n${rule}\n` });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(words)]);
    expect(config?.agents.rules).toEqual([]);
  });

  it("that is not enabled is named, and changes nothing", () => {
    const text = all.replace("[routing]\nenabled = true", "[routing]\nenabled = false");
    const { config, warnings } = resolve({ text, env: KEY });
    expect(warnings).toEqual([expect.stringContaining("[routing] is not enabled")]);
    expect(config?.agents.rules).toEqual([]);
    expect(
      configOf({ text: all.replace("[routing]\nenabled = true", "[routing]"), env: KEY }).agents.rules,
    ).toHaveLength(4);
  });
});
