import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeProblems, loadConfig } from "./load.ts";

const REPOSITORY = '[github]\nrepo_owner = "octo"\nrepo_name = "x"\n';
let dir: string;
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "tac8-config-")));
});
afterEach(() => rm(dir, { recursive: true }));

it("reads the file and the secrets' files", async () => {
  await writeFile(join(dir, "mine.toml"), REPOSITORY);
  await writeFile(join(dir, "token"), "the-token\n");
  const env = { TAC8_CONFIG: "mine.toml", GITHUB_TOKEN_FILE: join(dir, "token"), HOME: dir };
  const { config, path, found } = loadConfig({ env, cwd: dir });
  expect({ path, found }).toEqual({ path: join(dir, "mine.toml"), found: true });
  expect(config?.secrets.githubToken).toBe("the-token");
  expect(config?.home).toBe(join(dir, ".tac8"));
});

describe("the search for the file", () => {
  const ofUser = () => join(dir, ".config", "tac8", "config.toml");
  const load = (cwd: string, more: Record<string, string> = {}) => loadConfig({ env: { HOME: dir, ...more }, cwd });

  it("takes the one beside the operator, then the user's own", async () => {
    const cwd = join(dir, "here");
    await mkdir(cwd);
    await mkdir(join(dir, ".config", "tac8"), { recursive: true });
    await writeFile(ofUser(), REPOSITORY);
    expect(load(cwd)).toMatchObject({ path: ofUser(), found: true, named: false });
    await writeFile(join(cwd, "config.toml"), REPOSITORY);
    expect(load(cwd)).toMatchObject({ path: join(cwd, "config.toml"), found: true });
    // A file that is named is not searched for elsewhere.
    const missing = load(cwd, { TAC8_CONFIG: "none.toml" });
    expect(missing).toMatchObject({ config: null, path: join(cwd, "none.toml"), found: false, named: true });
    expect(describeProblems(missing.problems, missing.path)).toBe(
      `${join(cwd, "none.toml")}: there is no such file; copy config.example.toml there and name your repository in it, or run tac8 demo`,
    );
  });

  it("names all places when there is none", () => {
    const loaded = load(dir);
    expect(loaded).toMatchObject({ config: null, found: false, path: join(dir, "config.toml") });
    expect(describeProblems(loaded.problems, loaded.path)).toBe(
      `there is no configuration (neither ${join(dir, "config.toml")} nor ${ofUser()} exists): copy config.example.toml to one of these places and name your repository in it, or run tac8 demo`,
    );
  });

  it("ends at a file that cannot be read: a container's mount of a missing file is a folder", async () => {
    await mkdir(join(dir, "config.toml"));
    await mkdir(join(dir, ".config", "tac8"), { recursive: true });
    await writeFile(ofUser(), REPOSITORY);
    const loaded = load(dir);
    expect(loaded.config).toBeNull();
    expect(describeProblems(loaded.problems, loaded.path)).toMatch(
      /^[^\n]*config\.toml: cannot be read: EISDIR[^\n]*$/,
    );
  });
});
