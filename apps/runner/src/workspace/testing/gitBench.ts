import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { startGitHub } from "@tac8/sandbox/github/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import type { PushScope } from "../../airlock/pushScope.ts";
import type { CleanSide } from "../../git/cleanSide.ts";
import type { AgentSide } from "../agentGit.ts";
import { ensureWorkspace, type EnsuredWorkspace } from "../ensure.ts";
import { Mirror } from "../mirror.ts";
import { mirrorPaths, workspacePaths, type WorkspacePaths } from "../paths.ts";
import type { WorkspaceGoal } from "../plan.ts";

export const REPO = "octo/widgets";
const FILES = { "README.md": "# widgets\n", ".gitignore": "*.log\n", "src/a.txt": "a\n" };

export interface BenchOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly defaultBranch?: string;
  /** Absolute, `{dir}` stands for the bench's folder. */
  readonly baseDir?: string;
}

/** A GitHub, a mirror of its repository, and a place for the workspace of an issue. */
export interface GitBench {
  /** `gh-1`. */
  readonly name: string;
  readonly branch: string;
  readonly scope: PushScope;
  readonly dir: string;
  readonly home: string;
  readonly github: LocalGitHub;
  readonly token: string;
  /** Bare repository behind the GitHub. */
  readonly originDir: string;
  readonly clean: CleanSide;
  readonly side: AgentSide;
  readonly mirror: Mirror;
  readonly paths: WorkspacePaths;
  /** The next issue's, on the same GitHub and mirror. */
  another(): GitBench;
  /** Refreshes the mirror, then makes the workspace good for `branch`, as a run does. */
  ensure(goal?: Partial<WorkspaceGoal>): Promise<EnsuredWorkspace>;
  base(): Promise<string>;
  /** Git as the agent runs it, in the workspace or elsewhere. @returns what it says, trimmed. */
  agent(args: readonly string[], cwd?: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  /** The agent writes a file and commits everything. @returns the commit. */
  commit(path: string, text: string): Promise<string>;
  /** Somebody pushes to GitHub. @returns the commit. */
  push(branch: string, files: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

export async function createGitBench(options: BenchOptions = {}): Promise<GitBench> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-git-"));
  const home = join(dir, "home");
  const github = await startGitHub({ dir: join(dir, "github") });
  const token = github.addUser({ login: "octo", token: `ghp_${"canary".padEnd(36, "0")}` });
  github.addUser({ login: "stranger" });
  const { files = FILES, defaultBranch = "main" } = options;
  await github.createRepository({ owner: "octo", name: "widgets", files, defaultBranch });
  const origin = join(dir, "github", `${REPO}.git`);
  return benchOf({ dir, home, github, token, origin, defaultBranch, baseDir: options.baseDir ?? "trees", number: 1 });
}

interface Parts {
  readonly dir: string;
  readonly home: string;
  readonly github: LocalGitHub;
  readonly token: string;
  readonly origin: string;
  readonly defaultBranch: string;
  readonly baseDir: string;
  readonly number: number;
}

function benchOf(parts: Parts): GitBench {
  const { dir, home, github, token, origin, defaultBranch, baseDir, number } = parts;
  const name = `gh-${number}`;
  const branch = `auto/${name}`;
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: join(dir, "agent-home"),
    GIT_AUTHOR_NAME: "agent",
    GIT_AUTHOR_EMAIL: "agent@example.invalid",
    GIT_COMMITTER_NAME: "agent",
    GIT_COMMITTER_EMAIL: "agent@example.invalid",
    TAC8_RUN: randomUUID(),
  };
  const clean: CleanSide = { url: `${github.url}/${REPO}.git`, token, env };
  const side: AgentSide = { env };
  const ref = { owner: "octo", repo: "widgets", number };
  const mirror = new Mirror(mirrorPaths(home, ref), clean);
  const paths = workspacePaths(home, baseDir.replace("{dir}", dir), ref);
  const agent = async (args: readonly string[], cwd = paths.tree) =>
    (await execa("git", args, { cwd, extendEnv: false, env })).stdout.trim();

  const bench: GitBench = {
    name,
    branch,
    scope: { issue: number, base: defaultBranch, defaultBranch },
    another: () => benchOf({ ...parts, number: number + 1 }),
    dir,
    home,
    github,
    token,
    originDir: origin,
    clean,
    side,
    mirror,
    paths,
    agent,
    async base() {
      return (await mirror.branch(defaultBranch)) ?? "";
    },
    async ensure(goal = {}) {
      await mirror.refresh();
      const published = await mirror.branch(branch);
      return ensureWorkspace({
        paths,
        side,
        mirrorDir: mirror.paths.dir,
        stamp: randomUUID().slice(0, 8),
        goal: {
          branch,
          start: published ?? (await bench.base()),
          published: published !== null,
          ...goal,
        },
      });
    },
    async write(path, text) {
      await writeFile(join(paths.tree, path), text);
    },
    async commit(path, text) {
      await bench.write(path, text);
      await agent(["add", "--all"]);
      // The issue's name keeps the same change of two issues, made in the same second, from being the same commit.
      await agent(["commit", "--quiet", "-m", `change ${path}`, "-m", `For ${name}.`]);
      return agent(["rev-parse", "HEAD"]);
    },
    push: (to, changed) => github.commitTo({ repo: REPO, branch: to, files: changed, author: "octo" }),
    async close() {
      await github.close();
      await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  return bench;
}
