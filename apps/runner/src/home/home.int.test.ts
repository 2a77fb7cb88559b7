import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createBench, FIXTURES, type Bench } from "../agent/testing/harness.ts";
import { localFiles } from "../files/local.ts";
import { settingsFor } from "./base/settings.ts";
import { openHome } from "./open.ts";

const CLAUDE = fileURLToPath(new URL("../../../../node_modules/.bin/claude", import.meta.url));
const GIT = { author_name: "tac8", author_email: "tac8@localhost" };

let bench: Bench;
let stub: ChildProcess;
let baseUrl = "";

beforeEach(async () => {
  bench = await createBench();
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn(process.execPath, [join(FIXTURES, "messages-api-stub.mjs")], { stdio: [...stdio] });
  stub = child;
  const [port] = await once(child.stdout, "data");
  baseUrl = `http://127.0.0.1:${String(port).trim()}`;
});
afterEach(async () => {
  stub.kill();
  await bench.close();
});

const bash = (command: string) => ({ tool: "Bash", input: { command } });

interface RunOptions {
  /** A session to resume. */
  readonly session?: string;
  /** The base commit's settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** `shared`: all issues share one home folder, as in older versions. */
  readonly home?: "private" | "shared";
}

/** Run an issue's agent, the real CLI, as a runner starts it. */
async function run(issue: number, steps: readonly unknown[], { session, settings, home = "private" }: RunOptions = {}) {
  const cwd = join(bench.dir, `gh-${issue}`);
  mkdirSync(cwd, { recursive: true });
  spawnSync("git", ["init", "-q"], { cwd });
  const owner = join(bench.dir, "owner");
  mkdirSync(owner, { recursive: true });
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: owner,
    SHELL: "/bin/bash",
    ANTHROPIC_API_KEY: "sk-ant-not-a-key",
    ANTHROPIC_BASE_URL: baseUrl,
    CLAUDE_CODE_MAX_RETRIES: "0",
    DISABLE_TELEMETRY: "1",
    CLAUDE_CODE_TMPDIR: bench.dir,
  };
  const folder = join(bench.dir, "home", `gh-${issue}`);
  const own = settings === undefined ? null : settingsFor({ tree: cwd, userHome: owner }, JSON.stringify(settings));
  const files =
    own === null ? [] : [{ path: "settings.json", bytes: Buffer.from(JSON.stringify(own)), executable: false }];
  const opened =
    home === "private"
      ? await openHome({ place: localFiles, home: folder, env, git: GIT, files, session: session ?? null })
      : { env, imported: false };
  const request = bench.request({
    program: [CLAUDE],
    cwd,
    model: "claude-sonnet-4-5",
    sessionId: session ?? randomUUID(),
    resume: session !== undefined,
    prompt: `Please. @@stub ${JSON.stringify(steps)}@@`,
    env: opened.env,
  });
  const end = await bench.start(request).done;
  expect(end).toMatchObject({ code: 0, result: { isError: false } });
  const all = (await (await fetch(`${baseUrl}/requests`)).json()) as { body: { messages?: unknown } }[];
  return { session: request.sessionId, home: folder, cwd, asked: JSON.stringify(all.at(-1)?.body), opened };
}

const did = (name: string) => existsSync(join(bench.dir, name));

/** A script that plants files which would affect a later run with the same HOME; each leaves a file or a word. */
function planting(): string {
  const touch = (name: string) => `touch ${join(bench.dir, name)}`;
  const settings = {
    hooks: { SessionStart: [{ hooks: [{ type: "command", command: touch("HOOK") }] }] },
    env: { BASH_ENV: join(bench.dir, "bash-env") },
  };
  const servers = { mcpServers: { planted: { command: "sh", args: ["-c", touch("SERVER")] } } };
  const files = {
    ".claude/settings.json": JSON.stringify(settings),
    ".claude.json": JSON.stringify(servers),
    ".claude/CLAUDE.md": "PLANTED-INSTRUCTIONS",
    ".bashrc": touch("BASHRC"),
    ".profile": touch("PROFILE"),
    ".gitconfig": `[core]\n\thooksPath = ${join(bench.dir, "hooks")}\n`,
  };
  writeFileSync(join(bench.dir, "bash-env"), touch("BASH_ENV"));
  mkdirSync(join(bench.dir, "hooks"));
  writeFileSync(join(bench.dir, "hooks", "pre-commit"), `#!/bin/sh\n${touch("GIT_HOOK")}\n`, { mode: 0o755 });
  writeFileSync(join(bench.dir, "files.json"), JSON.stringify(files));
  const script = join(bench.dir, "plant.mjs");
  writeFileSync(
    script,
    `import { mkdirSync, readFileSync, writeFileSync, readdirSync } from "node:fs";
     import { dirname, join } from "node:path";
     const home = process.env.HOME;
     for (const [path, text] of Object.entries(JSON.parse(readFileSync(${JSON.stringify(join(bench.dir, "files.json"))}, "utf8")))) {
       mkdirSync(dirname(join(home, path)), { recursive: true });
       writeFileSync(join(home, path), text);
     }
     const projects = join(home, ".claude/projects");
     const slug = (path) => path.replaceAll(/[^A-Za-z0-9]/g, "-");
     for (const name of ["gh-1", "gh-2"]) {
       const memory = join(projects, slug(join(${JSON.stringify(bench.dir)}, name)), "memory");
       mkdirSync(memory, { recursive: true });
       writeFileSync(join(memory, "MEMORY.md"), "PLANTED-MEMORY");
     }`,
  );
  return `node ${script}`;
}

const EFFECTS = ["HOOK", "SERVER", "BASHRC", "PROFILE", "BASH_ENV", "GIT_HOOK"];
const COMMIT = "echo x >> x && git add x && git -c user.name=a -c user.email=a@localhost commit -qm x";
const work = [bash(COMMIT), { text: "Done." }];

function effects(asked: string): string[] {
  const words = ["PLANTED-INSTRUCTIONS", "PLANTED-MEMORY"].filter((word) => asked.includes(word));
  return [...EFFECTS.filter(did), ...words];
}

test("control: with one home folder for all issues, files that an agent plants in it affect another issue's run", async () => {
  await run(1, [bash(planting()), { text: "Planted." }], { home: "shared" });
  const { asked } = await run(2, work, { home: "shared" });
  expect(effects(asked)).toEqual(expect.arrayContaining(["HOOK", "SERVER", "GIT_HOOK", "PLANTED-INSTRUCTIONS"]));
  expect(effects(asked)).toEqual(expect.arrayContaining(["BASHRC", "BASH_ENV", "PLANTED-MEMORY"]));
});

test("files that an agent plants in its home folder affect no run of another issue, and no later run of its own", async () => {
  const first = await run(1, [bash(planting()), { text: "Planted." }]);
  expect(existsSync(join(first.home, ".claude/settings.json"))).toBe(true);
  expect(effects((await run(2, work)).asked)).toEqual([]);
  expect(effects((await run(1, work)).asked)).toEqual([]);
});

test("a run that resumes its session has the session, and no planted files", async () => {
  const first = await run(1, [{ text: "Said before." }]);
  const again = await run(1, [bash(planting()), { text: "Planted." }], { session: first.session });
  const last = await run(1, work, { session: again.session });
  expect(last.asked).toContain("Said before.");
  expect(effects(last.asked)).toEqual([]);
});

test("a rule that denies a folder of the home folder also denies the owner's", async () => {
  mkdirSync(join(bench.dir, "owner/.ssh"), { recursive: true });
  writeFileSync(join(bench.dir, "owner/.ssh/id"), "KEY-OF-THE-OWNER\n");
  const steps = [{ tool: "Read", input: { file_path: join(bench.dir, "owner/.ssh/id") } }, { text: "Done." }];
  expect((await run(1, steps)).asked).toContain("KEY-OF-THE-OWNER");
  const { asked } = await run(2, steps, { settings: { permissions: { deny: ["Read(~/.ssh/**)"] } } });
  expect(asked).not.toContain("KEY-OF-THE-OWNER");
  expect(asked).toContain("denied by your permission settings");
});

test("a session that was started in the shared home folder is resumed in the issue's own", async () => {
  const before = await run(1, [{ text: "Written in the shared folder." }], { home: "shared" });
  const after = await run(1, [{ text: "Done." }], { session: before.session });
  expect(after.opened.imported).toBe(true);
  expect(after.asked).toContain("Written in the shared folder.");
});

test("an agent has the author of commits, and finds the toolchains of the owner's home folder", async () => {
  mkdirSync(join(bench.dir, "owner/.rustup"), { recursive: true });
  mkdirSync(join(bench.dir, "owner/.local/bin"), { recursive: true });
  writeFileSync(join(bench.dir, "owner/.local/bin/owners-tool"), "#!/bin/sh\necho tool of the owner\n", {
    mode: 0o755,
  });
  const command = 'owners-tool; git config user.name; echo "rust in $RUSTUP_HOME" "home in $HOME"';
  const { asked, home } = await run(1, [bash(command), { text: "Done." }]);
  expect(asked).toContain(`tool of the owner\\ntac8\\nrust in ${join(bench.dir, "owner/.rustup")} home in ${home}`);
  expect(dirname(home)).not.toBe(join(bench.dir, "owner"));
});
