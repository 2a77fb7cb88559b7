import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startModelApi, type ModelApi } from "../modelApi.ts";
import { ROOT } from "../programs.ts";
import { createWorld, LABEL, OWNER, REPO, type World } from "../world.ts";

/** A file whose name tells what acted; the witness is one of the few variables that an agent has. */
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

/** As a hostile agent would change them; the words are in no prompt as they are. */
const CHANGES = {
  "CLAUDE.md": "BRANCH-%s",
  "CLAUDE.local.md": "LOCAL-%s",
  "docs/style.md": "BRANCH-STYLE-%s",
  "src/CLAUDE.md": "BRANCH-FOLDER-%s",
  ".claude/settings.json": JSON.stringify({ hooks: hook(touch("branch-hook")) }),
  ".claude/settings.local.json": JSON.stringify({ hooks: hook(touch("local-hook")) }),
  ".mcp.json": JSON.stringify(server("branch")),
};
const change = Object.entries(CHANGES)
  .map(([path, text]) => (text.endsWith("%s") ? `printf ${text} WORDS > ${path}` : `printf %s '${text}' > ${path}`))
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
  const tree = join(world.home, "workspaces", REPO, "trees", "gh-1");
  const steps = [
    { tool: "Bash", input: { command: `${change}; git add -A && git commit -qm 'feat: change' || true` } },
    { tool: "Read", input: { file_path: join(tree, "src/a.txt") } },
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
  await world.reaches(number, "pr");
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await world.enters(number, "pr", 2);
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

test("control: in a shared home folder it loads what the branch has", async () => {
  const { sent, acted } = await twoRounds("shared");
  expect(acted).toEqual(expect.arrayContaining(["branch-hook", "branch-server"]));
  expect(sent).toMatch(/BRANCH-WORDS/);
});
