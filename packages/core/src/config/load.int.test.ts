import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeProblems, loadConfig } from "./load.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-config-"));
});
afterEach(() => rm(dir, { recursive: true }));

it("reads the file and the secrets' files", async () => {
  await writeFile(join(dir, "mine.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "x"\n');
  await writeFile(join(dir, "token"), "the-token\n");
  const env = { TAC8_CONFIG: "mine.toml", GITHUB_TOKEN_FILE: join(dir, "token") };
  const { config, path, found } = loadConfig({ env, cwd: dir });
  expect({ path, found }).toEqual({ path: join(dir, "mine.toml"), found: true });
  expect(config?.secrets.githubToken).toBe("the-token");
  expect(config?.home).toBe(join(dir, ".tac8"));
});

it("says that there is no file", () => {
  const loaded = loadConfig({ env: {}, cwd: dir });
  expect(loaded).toMatchObject({ config: null, found: false });
  expect(describeProblems(loaded.problems, loaded.path)).toBe(
    `${join(dir, "config.toml")}: there is no such file; copy config.example.toml there, or run tac8 demo`,
  );
});

it("says in one line that the file cannot be read: a container's mount of a missing file is a folder", async () => {
  await mkdir(join(dir, "config.toml"));
  const loaded = loadConfig({ env: {}, cwd: dir });
  expect(loaded.config).toBeNull();
  expect(describeProblems(loaded.problems, loaded.path)).toMatch(/^[^\n]*config\.toml: cannot be read: EISDIR[^\n]*$/);
});
