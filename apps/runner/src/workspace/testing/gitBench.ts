import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import type { PushScope } from "../../airlock/pushScope.ts";
import type { CleanSide } from "../../git/cleanSide.ts";
import { oneToken } from "@tac8/core/github/tokens";
import type { PlaceGit } from "../../agentPlace/gitCommand.ts";
import type { AgentPlace } from "../../agentPlace/place.ts";
import { createPlaces, type PlaceKind, type Places } from "../../agentPlace/testing/places.ts";
import { ensureWorkspace, type EnsuredWorkspace } from "../ensure.ts";
import { Mirror } from "../mirror.ts";
import { mirrorPaths, workspacePaths, type WorkspacePaths } from "../paths.ts";
import type { WorkspaceGoal } from "../plan.ts";
import { readBranches, sameBranches } from "./branches.ts";

export const REPO = "octo/widgets";
const FILES = { "README.md": "# widgets\n", ".gitignore": "*.log\n", "src/a.txt": "a\n" };

export interface BenchOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly defaultBranch?: string;
  /** Absolute path, in which `{dir}` stands for the bench's folder. */
  readonly baseDir?: string;
  /** Whether git fetches without a token. Default: no. */
  readonly openToGit?: boolean;
  /** Kind of the agent side. Default: `direct`. */
  readonly kind?: PlaceKind;
}

/** A local GitHub, a mirror of its repository, and a place for the workspace of an issue. */
export interface GitBench {
  /** Name of the issue, such as `gh-1`. */
  readonly name: string;
  readonly branch: string;
  readonly scope: PushScope;
  readonly dir: string;
  readonly home: string;
  readonly github: LocalGitHub;
  readonly token: string;
  /** Bare repository of the local GitHub. */
  readonly originDir: string;
  readonly clean: CleanSide;
  /** Environment of agents and of git. */
  readonly env: Readonly<Record<string, string>>;
  readonly place: AgentPlace;
  /** Open another place of the same kind. */
  openPlace(options: PlaceGit): AgentPlace;
  readonly mirror: Mirror;
  readonly paths: WorkspacePaths;
  /** Return a bench for the next issue, with the same GitHub and mirror. */
  another(): GitBench;
  /** Return a bench for the same issue, whose place has the current rights of this process. */
  renewed(): GitBench;
  /** Refresh the mirror if GitHub has changed, then prepare the workspace for `branch`, as a run does. */
  ensure(goal?: Partial<WorkspaceGoal>): Promise<EnsuredWorkspace>;
  base(): Promise<string>;
  /** Run git as the agent, in the workspace or elsewhere. @returns its trimmed output */
  agent(args: readonly string[], cwd?: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  /** Write a file and commit everything, as the agent. @returns the commit */
  commit(path: string, text: string): Promise<string>;
  /** Push to GitHub as another contributor. @returns the commit */
  push(branch: string, files: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

export async function createGitBench(options: BenchOptions = {}): Promise<GitBench> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-git-"));
  const home = join(dir, "home");
  const github = await startGitHub({ dir: join(dir, "github") });
  const token = github.addUser({ login: "octo", token: `ghp_${"canary".padEnd(36, "0")}` });
  github.addUser({ login: "stranger" });
  const { files = FILES, defaultBranch = "main", openToGit = false, kind = "direct" } = options;
  await github.createRepository({ owner: "octo", name: "widgets", files, defaultBranch, openToGit });
  const origin = join(dir, "github", `${REPO}.git`);
  const baseDir = options.baseDir ?? "trees";
  const places = createPlaces(kind);
  return benchOf({
    dir,
    home,
    github,
    token,
    origin,
    defaultBranch,
    baseDir,
    number: 1,
    kind,
    places,
    opened: [places],
  });
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
  readonly kind: PlaceKind;
  readonly places: Places;
  /** All places that were opened. */
  readonly opened: Places[];
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
  const clean: CleanSide = {
    url: `${github.url}/${REPO}.git`,
    tokens: oneToken({ token }),
    env,
    mirrorDir: mirrorPaths(home, { owner: "octo", repo: "widgets" }).dir,
  };
  const { places, opened } = parts;
  const ref = { owner: "octo", repo: "widgets", number };
  const mirror = new Mirror(mirrorPaths(home, ref), clean);
  const paths = workspacePaths(home, baseDir.replace("{dir}", dir), ref);
  const agent = (args: readonly string[], cwd = paths.tree) => git(args, { cwd, env });

  const bench: GitBench = {
    name,
    branch,
    scope: { issue: number, pattern: "auto/gh-{number}", base: defaultBranch, defaultBranch },
    another: () => benchOf({ ...parts, number: number + 1 }),
    renewed() {
      const fresh = createPlaces(parts.kind);
      opened.push(fresh);
      return benchOf({ ...parts, places: fresh });
    },
    dir,
    home,
    github,
    token,
    originDir: origin,
    clean,
    env,
    place: places.open({ env }),
    openPlace: (more) => places.open(more),
    mirror,
    paths,
    agent,
    async base() {
      return (await readBranches(mirror.paths.dir)).get(defaultBranch) ?? "";
    },
    async ensure(goal = {}) {
      // Most tests change nothing on GitHub, and a fetch takes a third of their time.
      if (!sameBranches(await readBranches(origin), await readBranches(mirror.paths.dir))) await mirror.refresh();
      const published = (await readBranches(mirror.paths.dir)).get(branch) ?? null;
      return ensureWorkspace({
        paths,
        place: bench.place,
        mirrorDir: mirror.paths.dir,
        quarantineSuffix: randomUUID().slice(0, 8),
        goal: {
          branch,
          start: published ?? (await bench.base()),
          isBranchOnGitHub: published !== null,
          base: await bench.base(),
          baseNames: { base: defaultBranch, defaultBranch },
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
      // Without the issue's name, the same change of two issues in the same second would be the same commit.
      const words = ["-m", `change ${path}`, "-m", `For ${name}.`];
      await agent(["-c", "maintenance.auto=false", "commit", "--quiet", ...words]);
      return agent(["rev-parse", "HEAD"]);
    },
    push: (to, changed) => github.commitTo({ repo: REPO, branch: to, files: changed, author: "octo" }),
    async close() {
      for (const one of opened) await one.close();
      await github.close();
      await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  return bench;
}

/** Run git without a library, which takes half the time. The tests run several thousand commands. @returns its trimmed output */
function git(args: readonly string[], options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
  return new Promise<string>((resolve, reject) => {
    execFile("git", args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim());
      else reject(new Error(`git ${args.join(" ")}: ${stderr}${stdout}`, { cause: error }));
    });
  });
}
