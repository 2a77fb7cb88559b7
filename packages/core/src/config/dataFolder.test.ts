import { describe, expect, it, test } from "vitest";
import { demoFolder, folderName, hasData, resolveDataFolder } from "./dataFolder.ts";

const HOME = "/home/pi";
const path = "/srv/widgets/config.toml";
const own = "/home/pi/.local/share/tac8/widgets-4645736f";

function resolve(given: { path?: string; env?: Record<string, string>; real?: string; old?: string[] } = {}) {
  const { path: at = path, env = { HOME }, real = "/srv/widgets", old = [] } = given;
  return resolveDataFolder({ path: at, env, folder: { realPath: real, oldNames: old } });
}

describe("the data folder", () => {
  it("is one of the configuration's own, in the user's folder for data", () => {
    expect(resolve()).toEqual({ path: own, notice: null });
    expect(resolve({ env: { HOME, XDG_DATA_HOME: "/xdg" } })?.path).toBe(own.replace("/home/pi/.local/share", "/xdg"));
    expect(resolve({ env: { HOME, XDG_DATA_HOME: "not/absolute" } })?.path).toBe(own);
  });

  it("is the same one by every way to the configuration, and another one for another file beside it", () => {
    expect(resolve({ path: "/link/config.toml" })?.path).toBe(own);
    expect(resolve({ path: "/srv/widgets/other.toml" })?.path).not.toBe(own);
    expect(resolve({ real: "/srv/a/widgets" })?.path).not.toBe(own);
  });

  it("is TAC8_HOME before all others, and a relative one begins at the configuration", () => {
    const old = ["redis"];
    expect(resolve({ env: { HOME, TAC8_HOME: "/data" }, old })).toEqual({ path: "/data", notice: null });
    expect(resolve({ env: { TAC8_HOME: "data" } })?.path).toBe("/srv/widgets/data");
  });

  it("is an older version's where that has data, which it says with the place of a new one", () => {
    expect(resolve({ old: ["demo", "redis"] })).toEqual({
      path: "/srv/widgets/.tac8",
      notice: `the data is in the former location /srv/widgets/.tac8; a new installation uses ${own}`,
    });
    expect(resolve({ old: ["redis"], env: {} })?.path).toBe("/srv/widgets/.tac8");
    expect(resolve({ old: ["demo"] })?.path).toBe(own);
  });

  it("is the place that the data was moved to, unless an older version's folder has data", () => {
    const folder = { realPath: "/srv/widgets", oldNames: [], movedTo: "/mnt/big" };
    expect(resolveDataFolder({ path, env: { HOME }, folder })).toEqual({
      path: "/mnt/big",
      notice: "the data is in /mnt/big, where tac8 move-data moved it",
    });
    expect(resolveDataFolder({ path, env: { HOME, TAC8_HOME: "/data" }, folder })?.path).toBe("/data");
    expect(resolveDataFolder({ path, env: { HOME }, folder: { ...folder, oldNames: ["redis"] } })?.path).toBe(
      "/srv/widgets/.tac8",
    );
  });

  it("cannot be found without HOME", () => {
    expect(resolve({ env: {} })).toBeNull();
    expect(resolve({ env: { HOME: "pi" } })).toBeNull();
    expect(resolve({ env: { XDG_DATA_HOME: "/xdg" } })).not.toBeNull();
  });
});

test.each([
  [[], false],
  [["demo"], false],
  [["demo", "up.lock", "logs", "github-token", "janitor.last"], false],
  [["repos"], true],
  [["issues"], true],
  [["workspaces"], true],
  [["runs", "demo"], true],
  [["redis"], true],
  [["tasks.md"], true],
])("a folder .tac8 with %j has data: %s", (names, wanted) => expect(hasData(names)).toBe(wanted));

test.each([
  ["/srv/widgets/config.toml", /^widgets-[0-9a-f]{8}$/],
  ["/srv/My Wid/gets: é/config.toml", /^gets-[0-9a-f]{8}$/],
  ["/srv/.hidden/config.toml", /^hidden-[0-9a-f]{8}$/],
  ["/config.toml", /^config-[0-9a-f]{8}$/],
  ["/srv/日本/config.toml", /^config-[0-9a-f]{8}$/],
  ["/srv/demo/config.toml", /^demo-[0-9a-f]{8}$/],
  [`/srv/${"x".repeat(200)}/config.toml`, /^x{31}-[0-9a-f]{8}$/],
])("the name of %s", (at, pattern) => expect(folderName(at)).toMatch(pattern));

test("the demo has one folder, wherever it is started", () => {
  expect(demoFolder({ HOME }, "/a")).toBe("/home/pi/.local/share/tac8/demo");
  expect(demoFolder({ HOME, XDG_DATA_HOME: "/xdg" }, "/b")).toBe("/xdg/tac8/demo");
  expect(demoFolder({ HOME, TAC8_HOME: "data" }, "/c")).toBe("/c/data/demo");
  expect(demoFolder({}, "/d")).toBeNull();
});
