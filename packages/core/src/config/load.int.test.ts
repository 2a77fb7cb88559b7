import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeProblems, findDataFolder, loadConfig } from "./load.ts";

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
  expect(config?.secrets.github).toMatchObject({ token: "the-token" });
  expect(config?.dataFolder).toMatch(new RegExp(`^${dir}/\\.local/share/tac8/tac8-config-[^/]*-[0-9a-f]{8}$`));
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
      `${join(cwd, "none.toml")}: the file does not exist; copy config.example.toml there and set your repository in it, or run tac8 demo`,
    );
  });

  it("names all places when there is none", () => {
    const loaded = load(dir);
    expect(loaded).toMatchObject({ config: null, found: false, path: join(dir, "config.toml") });
    expect(describeProblems(loaded.problems, loaded.path)).toBe(
      `no configuration file (neither ${join(dir, "config.toml")} nor ${ofUser()} exists): copy config.example.toml to one of these places and set your repository in it, or run tac8 demo`,
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

describe("the data folder", () => {
  const home = (path: string) => findDataFolder(path, { HOME: dir })?.path;

  it("is the same by a relative path and through a linked folder, and before the folder is made", async () => {
    await mkdir(join(dir, "a", "b"), { recursive: true });
    await symlink(join(dir, "a"), join(dir, "link"));
    const [own, through] = [join(dir, "a", "b", "config.toml"), join(dir, "link", "b", "config.toml")];
    expect(home(through)).toBe(home(own));
    for (const path of [own, through]) {
      await writeFile(path, REPOSITORY);
      const { config } = loadConfig({ flag: relative(join(dir, "a"), path), env: { HOME: dir }, cwd: join(dir, "a") });
      expect(config?.dataFolder).toBe(home(own));
    }
    const later = home(join(dir, "link", "new", "config.toml"));
    await mkdir(join(dir, "a", "new"));
    expect(home(join(dir, "a", "new", "config.toml"))).toBe(later);
  });

  it("stays where it is when a linked file gets another target, and is not shared by two links to one file", async () => {
    for (const name of ["v1", "v2"]) await writeFile(join(dir, name), REPOSITORY);
    const path = join(dir, "config.toml");
    await symlink("v1", path);
    const before = home(path);
    await rm(path);
    await symlink("v2", path);
    expect(home(path)).toBe(before);
    await symlink("v2", join(dir, "other.toml"));
    expect(home(join(dir, "other.toml"))).not.toBe(before);
  });

  it("is an older version's beside the configuration only when that has data", async () => {
    const path = join(dir, "config.toml");
    const own = home(path);
    await mkdir(join(dir, ".tac8", "demo", "redis"), { recursive: true });
    expect(home(path)).toBe(own);
    await mkdir(join(dir, ".tac8", "redis"));
    expect(home(path)).toBe(join(dir, ".tac8"));
    await mkdir(own ?? "", { recursive: true });
    expect(home(path)).toBe(join(dir, ".tac8"));
  });

  it("is not a new one where an older one cannot be read", async () => {
    await symlink(".tac8", join(dir, ".tac8")); // A loop: also root cannot read it.
    const { config, problems, path } = loadConfig({ env: { HOME: dir }, cwd: dir });
    expect(config).toBeNull();
    expect(describeProblems(problems, path)).toMatch(/^the data folder .*\.tac8 cannot be read .*set TAC8_HOME[^\n]*$/);
    expect(findDataFolder(path, { TAC8_HOME: "/data" })?.path).toBe("/data");
  });
});
