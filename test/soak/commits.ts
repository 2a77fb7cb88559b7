import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { OWNER, REPO } from "../world.ts";
import type { Stage } from "./stage.ts";
import type { Commit } from "./witness.ts";

const run = promisify(execFile);

/** Commits of agents that are neither on a branch on GitHub nor in a workspace that is still there. */
export async function lostCommits(stage: Stage, commits: readonly Commit[]): Promise<Commit[]> {
  const known = new Set<string>();
  for (const dir of await repositories(stage)) {
    const { stdout } = await run("git", ["-C", dir, "-c", "safe.directory=*", "rev-list", "--all"], {
      maxBuffer: 64 * 1024 * 1024,
    });
    for (const sha of stdout.split("\n")) known.add(sha);
  }
  return commits.filter(({ sha }) => !known.has(sha));
}

async function repositories({ dir, home }: Stage): Promise<string[]> {
  const github = (await readdir(join(dir, "github"), { recursive: true }))
    .filter((entry) => entry.endsWith("/HEAD") || entry === "HEAD")
    .map((entry) => join(dir, "github", entry, ".."));
  const kept = join(home, "workspaces", OWNER, REPO.split("/")[1] ?? "", "git");
  const names = existsSync(kept) ? await readdir(kept) : [];
  return [...github, ...names.filter((name) => name.includes(".git")).map((name) => join(kept, name))];
}
