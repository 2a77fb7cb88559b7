import { afterEach, describe, expect, test, vi } from "vitest";
import { protect, whyBadEntry, type Change, type Notable } from "./protect.ts";

const DEFAULTS = { block: ["@workflows", "@instructions"], flag: [] };

const changed = (path: string, text?: Change["text"]): Change => ({
  path,
  isIndirect: false,
  ...(text === undefined ? {} : { text }),
});
const brief = ({ subject, path, note }: Notable) => `${subject} ${path}${note === null ? "" : `: ${note}`}`;
const of = (...changes: Change[]) => protect(changes, DEFAULTS);

describe("changes that are published only if a user allows it", () => {
  test.each([
    ".github/workflows/ci.yml",
    ".github/workflows",
    ".github/actions/setup/action.yml",
    "CLAUDE.md",
    "packages/a/CLAUDE.md",
    "CLAUDE.local.md",
    "AGENTS.md",
    "docs/agents.md",
    "GEMINI.md",
    ".claude/settings.json",
    "a/.claude/commands/x.md",
    ".mcp.json",
    ".cursor/rules/x.mdc",
    ".cursorrules",
    ".windsurfrules",
    ".codex/config.toml",
    ".github/copilot-instructions.md",
    "worker_template.md",
    ".agents/skills/x/SKILL.md",
    ".trae/rules/project_rules.md",
    ".rules",
    "a/.augment/rules/x.md",
    "CRUSH.md",
    "WARP.md",
    ".factory/droids/x.md",
    ".agent/rules/x.md",
    // Fullwidth letters, and the Kelvin sign: some file systems take them for the plain ones.
    "\uFF23LAUDE.md",
    ".github/wor\u212Aflows/ci.yml",
  ])("%s", (path) => {
    const { blocked, notable } = of(changed(path));
    expect(blocked.map((each) => each.path)).toEqual([path]);
    expect(notable).toEqual(blocked);
  });

  test("a link in the place of a folder", () => {
    for (const path of [".github", ".claude", "a/.claude"]) {
      expect(protect([{ path, isIndirect: true }], DEFAULTS).blocked).toHaveLength(1);
    }
  });

  test("is what the configuration says", () => {
    const changes = [changed(".github/workflows/ci.yml"), changed("deploy/prod.sh"), changed(".npmrc")];
    const block = (...entries: string[]) =>
      protect(changes, { block: entries, flag: [] }).blocked.map(({ path }) => path);
    expect(block()).toEqual([]);
    expect(block("deploy/**")).toEqual(["deploy/prod.sh"]);
    expect(block("@packages", "@workflows")).toEqual([".github/workflows/ci.yml", ".npmrc"]);
  });
});

describe("what is named in the pull request and published", () => {
  test.each([
    [".gitlab-ci.yml", "ci"],
    ["Jenkinsfile", "ci"],
    [".circleci/config.yml", "ci"],
    ["azure-pipelines.yml", "ci"],
    [".drone.yml", "ci"],
    ["bitrise.yml", "ci"],
    [".buildkite/pipeline.yml", "ci"],
    [".gitattributes", "git"],
    ["a/.gitattributes", "git"],
    [".gitmodules", "git"],
    [".github/CODEOWNERS", "git"],
    [".husky/pre-commit", "git"],
    [".vscode/tasks.json", "editors"],
    [".devcontainer/devcontainer.json", "editors"],
    [".renovaterc.json", "ci"],
    [".github/dependabot.yaml", "ci"],
    [".zed/tasks.json", "editors"],
    ["a/mise.toml", "editors"],
    [".npmrc", "packages"],
    ["pnpm-workspace.yaml", "packages"],
    [".yarn/releases/yarn.cjs", "packages"],
  ])("%s as %s", (path, subject) => {
    const { notable, blocked } = of(changed(path));
    expect(notable).toEqual([{ subject, path, note: null }]);
    expect(blocked).toEqual([]);
  });

  test.each(["README.md", "src/index.ts", "docs/workflows/ci.yml", "package.json", "claude.ts"])("not %s", (path) => {
    expect(of(changed(path)).notable).toEqual([]);
  });

  test("patterns of the configuration", () => {
    const { notable } = protect([changed("infra/a.tf")], { block: [], flag: ["infra/**"] });
    expect(notable).toEqual([{ subject: "configured", path: "infra/a.tf", note: null }]);
  });
});

describe("packages", () => {
  const json = (scripts: object) => JSON.stringify({ name: "a", scripts });
  test.each<[string, string, string, string[]]>([
    ["a new lifecycle script", json({}), json({ postinstall: "x" }), ["scripts: postinstall"]],
    ["a changed one", json({ test: "a", b: "c" }), json({ test: "b", b: "c" }), ["scripts: test"]],
    ["a new file with scripts", "", json({ build: "x" }), ["scripts: build"]],
    ["other keys", json({ test: "a" }), JSON.stringify({ version: "2", scripts: { test: "a" } }), []],
    ["no JSON", json({}), "{", ["no valid JSON"]],
    ["scripts that are none", json({}), '{"scripts": 1}', ["no valid JSON"]],
    ["a name like a property of every object", json({}), '{"scripts": {"__proto__": "x"}}', ["scripts: __proto__"]],
  ])("scripts of a package.json: %s", (_name, before, after, notes) => {
    const { notable } = of(changed("a/package.json", { before, after }));
    expect(notable.map(({ note }) => note)).toEqual(notes);
  });

  const text = { before: "https://registry.npmjs.org/a/-/a-1.tgz", after: "https://registry.npmjs.org/a/-/a-2.tgz" };
  const evil = { ...text, after: `${text.after} git+ssh://git@evil.example/a.git` };
  test.each<[string, Change[], string[]]>([
    ["without its manifest", [changed("package-lock.json", text)], ["changed, but its manifest is unchanged"]],
    ["with its manifest", [changed("package-lock.json", text), changed("package.json")], []],
    ["with a workspace's manifest", [changed("package-lock.json", text), changed("packages/a/package.json")], []],
    [
      "with another folder's",
      [changed("a/yarn.lock", text), changed("package.json")],
      ["changed, but its manifest is unchanged"],
    ],
    [
      "with another tool's",
      [changed("Cargo.lock", text), changed("package.json")],
      ["changed, but its manifest is unchanged"],
    ],
    ["with a new host", [changed("yarn.lock", evil), changed("package.json")], ["new hosts: evil.example"]],
    ["too large", [changed("yarn.lock", null), changed("package.json")], ["too large to be read"]],
  ])("a lockfile %s", (_name, changes, notes) => {
    expect(of(...changes).notable.map(({ note }) => note)).toEqual(notes);
  });
});

test("each change is named once, by its first group", () => {
  const { notable } = of(changed(".vscode/mcp.json"), changed(".github/workflows/CLAUDE.md"));
  expect(notable.map(brief)).toEqual(["instructions .vscode/mcp.json", "workflows .github/workflows/CLAUDE.md"]);
});

test.each([
  ["@workflows", null],
  ["@nobody", /@workflows, @instructions/],
  ["/etc/passwd", /top folder/],
])("the entry %s", (entry, why) => {
  const found = whyBadEntry(entry);
  if (why === null) expect(found).toBeNull();
  else expect(found).toMatch(why);
});

afterEach(() => void vi.restoreAllMocks());

test("the work grows with the number of changed files, and not with its square", () => {
  const text = { before: "", after: "" };
  const changes = Array.from({ length: 50_000 }, (_, n) => [
    changed(`${n}/yarn.lock`, text),
    changed(n % 2 === 0 ? `${n}/a/package.json` : `${n}/a/cargo.toml`),
  ]).flat();
  let compared = 0;
  vi.spyOn(String.prototype, "startsWith").mockImplementation(function count(this: string, start, at = 0) {
    compared += 1;
    if (compared > 10 * changes.length) throw new Error("too many comparisons");
    return this.slice(at, at + start.length) === start;
  });
  const { notable } = of(...changes);
  vi.restoreAllMocks();
  expect(notable).toHaveLength(25_000);
});
