import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startModelApi, type ModelApi } from "../modelApi.ts";
import { ROOT } from "../programs.ts";
import { createWorld, LABEL, OWNER, REPO, type World } from "../world.ts";

/** A file whose name says what acted; the witness is one of the few variables that an agent has. */
const touch = (name: string) => `touch "$TAC8_WITNESS.${name}"`;
const hook = (command: string) => ({ SessionStart: [{ hooks: [{ type: "command", command }] }] });
const server = (name: string) => ({ mcpServers: { [name]: { command: "sh", args: ["-c", touch(`${name}-server`)] } } });
const NAMES = ["base-hook", "base-server", "branch-hook", "branch-server", "local-hook"];

const FILES = {
  "README.md": "# widgets\n",
  "CLAUDE.md": "BASE-INSTRUCTIONS @docs/style.md\n",
  "docs/style.md": "BASE-STYLE\n",
  "src/CLAUDE.md": "BASE-FOLDER\n",
  "src/a.txt": "a\n",
  "secret.txt": "a secret\n",
  ".claude/settings.json": JSON.stringify({
    hooks: hook(touch("base-hook")),
    permissions: { deny: ["Bash(npm publish:*)", "Read(/secret.txt)"] },
  }),
  ".mcp.json": JSON.stringify(server("base")),
};

const skill = (name: string, words: string) => `---\nname: ${name}\ndescription: ${words}\n---\nx`;

/** As a hostile agent would change them; the words are in no prompt as they are. */
const CHANGES = {
  "CLAUDE.md": "BRANCH-%s",
  "CLAUDE.local.md": "LOCAL-%s",
  "docs/style.md": "BRANCH-STYLE-%s",
  "src/CLAUDE.md": "BRANCH-FOLDER-%s",
  ".claude/settings.json": JSON.stringify({ hooks: hook(touch("branch-hook")) }),
  ".claude/settings.local.json": JSON.stringify({ hooks: hook(touch("local-hook")) }),
  ".mcp.json": JSON.stringify(server("branch")),
  ".claude/CLAUDE.md": "BRANCH-DOT-%s",
  "AGENTS.md": "BRANCH-AGENTS-%s",
  // A folder that the base does not have.
  "new/CLAUDE.md": "BRANCH-NEW-%s",
  "new/b.txt": "b",
  "new/.claude/skills/deep/SKILL.md": skill("deep", "BRANCH-DEEP-%s"),
  ".claude/skills/top/SKILL.md": skill("top", "BRANCH-SKILL-%s"),
  ".claude/commands/top.md": "---\ndescription: BRANCH-COMMAND-%s\n---\nx",
  ".claude/agents/helper.md": "---\nname: helper\ndescription: BRANCH-AGENT-%s\n---\nx",
  ".claude/rules/top.md": "BRANCH-RULE-%s",
};
const change = Object.entries(CHANGES)
  .map(([path, text]) => {
    const format = text.replaceAll("\n", String.raw`\n`);
    const written = text.includes("%s") ? `printf -- '${format}' WORDS` : `printf %s '${text}'`;
    return `mkdir -p $(dirname ${path}); ${written} > ${path}`;
  })
  .join("; ");

let world: World;
let api: ModelApi;
beforeEach(async () => {
  api = await startModelApi();
});
afterEach(async () => {
  await world.close();
  await api.stop();
});

/** A round in which the agent changes what its program loads, and the next round of the same issue. */
async function twoRounds(home: "private" | "shared"): Promise<{ sent: string; acted: string[] }> {
  // The branch gets these files: what of it acts is the question here.
  const config = { llm: { command: ["claude"] }, agent: { home }, protected: { block: [] } };
  world = await createWorld({ files: FILES, config });
  const tree = join(world.dataFolder, "workspaces", REPO, "trees", "gh-1");
  const steps = [
    { tool: "Bash", input: { command: `${change}; git add -A && git commit -qm 'feat: change' || true` } },
    { tool: "Read", input: { file_path: join(tree, "src/a.txt") } },
    { tool: "Read", input: { file_path: join(tree, "new/b.txt") } },
    { tool: "Read", input: { file_path: join(tree, "secret.txt") } },
    { tool: "Bash", input: { command: "npm publish --dry-run" } },
    { text: "Done." },
  ];
  const number = world.openIssue({ title: "Change", body: `Please. @@stub ${JSON.stringify(steps)}@@` });
  world.startApp("scheduler");
  world.startApp("runner", {
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
    ANTHROPIC_API_KEY: "sk-ant-not-a-key",
    ANTHROPIC_BASE_URL: api.url,
    CLAUDE_CODE_MAX_RETRIES: "0",
    CLAUDE_CODE_TMPDIR: world.dir,
  });
  await world.waitForState(number, "pr");
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await world.waitForNthState(number, "pr", 2);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "CLAUDE.md")).toBe("BRANCH-WORDS");
  const acted = NAMES.filter((name) => existsSync(`${world.witness}.${name}`));
  return { sent: await api.sent(), acted };
}

test("Claude Code loads settings, hooks, servers and instructions of the base commit, and none of the issue's branch", async () => {
  const { sent, acted } = await twoRounds("private");
  expect(acted).toEqual(["base-hook", "base-server"]);
  for (const words of ["BASE-INSTRUCTIONS", "BASE-STYLE", "BASE-FOLDER"]) expect(sent).toContain(words);
  expect(sent).not.toMatch(/(BRANCH|LOCAL)[A-Z-]*-WORDS/);
  const body = world.github.pulls(REPO)[0]?.body ?? "";
  expect(body).toContain("`npm publish --dry-run`");
  expect(body).toContain("secret.txt");
});

test("control: in a shared home folder, Claude Code loads the files of the branch", async () => {
  const { sent, acted } = await twoRounds("shared");
  expect(acted).toEqual(expect.arrayContaining(["branch-hook", "branch-server"]));
  // So these are names by which it loads something, and their words would be seen.
  for (const name of ["BRANCH", "BRANCH-FOLDER", "BRANCH-NEW", "BRANCH-SKILL", "BRANCH-AGENT", "BRANCH-RULE"]) {
    expect(sent).toContain(`${name}-WORDS`);
  }
});

test("a command_template agent finds the files that its last round changed, and GitHub does not get them", async () => {
  const read = 'cat AGENTS.md >> "$TAC8_WITNESS.read"';
  const script = `${read}; printf 'BRANCH\\n' > AGENTS.md; date +%N > a.txt; git add -A; git commit -qm 'feat: change'`;
  world = await createWorld({
    files: { "AGENTS.md": "BASE\n" },
    config: {
      llm: { provider: "command", command_template: ["sh", "-c", script, "{prompt_file}"] },
      agent: { env: ["TAC8_WITNESS"] },
    },
  });
  const number = world.openIssue({ title: "Change", body: "Please." });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.waitForState(number, "blocked");
  world.github.comment({ repo: REPO, number, actor: OWNER, body: "Continue." });
  const questions = () => world.github.comments(REPO, number).filter(({ body }) => body.includes('"kind":"question"'));
  await world.github.waitFor(() => questions().length === 2, { what: "the second question", timeoutMs: 60_000 });
  expect(await readFile(`${world.witness}.read`, "utf8")).toBe("BASE\nBRANCH\n");
  expect(Object.keys(world.github.branches(REPO))).toEqual(["main"]);
  // Another issue begins with the base's.
  const other = world.openIssue({ title: "Another", body: "Please." });
  await world.waitForState(other, "blocked");
  expect(await readFile(`${world.witness}.read`, "utf8")).toBe("BASE\nBRANCH\nBASE\n");
});
